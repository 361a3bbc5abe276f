using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>The type of an error, where a header tells it and the body does not.</summary>
internal static class ErrorTypes
{
    /// <summary>AWS writes a namespace behind it: <c>ThrottlingException:http://…</c>.</summary>
    public static string? Find(IReadOnlyList<HeaderField> headers) =>
        headers.First("x-amzn-errortype") is { Length: > 0 } told ? told.Split(':')[0].Trim() : null;
}
