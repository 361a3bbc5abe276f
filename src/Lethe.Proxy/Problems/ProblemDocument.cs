using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lethe.Proxy.Problems;

/// <summary>A problem document (RFC 9457) with a stable <c>code</c> that programs may branch on.</summary>
internal sealed record ProblemDocument(string Title, int Status, string Code, string? Detail)
{
    public const string ContentType = "application/problem+json";

    /// <summary>The response that carries it.</summary>
    public static IResult Of(int status, string code, string title, string? detail = null) =>
        Results.Json(new ProblemDocument(title, status, code, detail), ProblemJson.Default.ProblemDocument, ContentType, status);

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, ProblemJson.Default.ProblemDocument);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ProblemJson : JsonSerializerContext;
