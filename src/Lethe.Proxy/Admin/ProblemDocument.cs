namespace Lethe.Proxy.Admin;

/// <summary>A problem document (RFC 9457) with a stable <c>code</c> that programs may branch on.</summary>
internal sealed record ProblemDocument(string Title, int Status, string Code, string? Detail)
{
    /// <summary>The response that carries it.</summary>
    public static IResult Of(int status, string code, string title, string? detail = null) =>
        Results.Json(new ProblemDocument(title, status, code, detail), ApiJson.Default.ProblemDocument, "application/problem+json", status);
}
