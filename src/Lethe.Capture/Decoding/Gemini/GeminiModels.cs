namespace Lethe.Capture.Decoding.Gemini;

/// <summary>Models by their names alone, where the API speaks of them as resources (<c>models/…</c>, <c>publishers/google/models/…</c>).</summary>
internal static class GeminiModels
{
    private const string Resource = "models/";

    public static string? Plain(string? model) =>
        model is not null && IsResource(model) && model.LastIndexOf(Resource, StringComparison.Ordinal) is >= 0 and var at ? model[(at + Resource.Length)..] : model;

    private static bool IsResource(string model) =>
        model.StartsWith(Resource, StringComparison.Ordinal) || model.StartsWith("publishers/", StringComparison.Ordinal) || model.StartsWith("projects/", StringComparison.Ordinal);
}
