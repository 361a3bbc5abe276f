namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Models as paths name them: an id, or an ARN.</summary>
internal static class ModelIds
{
    /// <summary>The model's id in an ARN of a model or of a system's inference profile; any other name as it is, for it says nothing of the model.</summary>
    public static string? Plain(string? model)
    {
        var slash = model?.LastIndexOf('/') ?? -1;
        return slash > 0 && model!.StartsWith("arn:", StringComparison.OrdinalIgnoreCase)
            && (model[..slash].EndsWith(":inference-profile", StringComparison.Ordinal) || model[..slash].EndsWith("foundation-model", StringComparison.Ordinal))
            ? model[(slash + 1)..]
            : model;
    }
}
