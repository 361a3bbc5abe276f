using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>The vendor's own id of a call, from the header that it uses for it.</summary>
internal static class UpstreamRequestIds
{
    private static readonly string[] Names =
    [
        "request-id", "x-request-id", "apim-request-id", "x-ms-request-id", "mistral-correlation-id", "x-ds-trace-id",
        "x-amzn-requestid", "x-debug-trace-id", "x-generation-id", "x-litellm-call-id",
    ];

    public static string? Find(IReadOnlyList<HeaderField> headers)
    {
        foreach (var name in Names)
        {
            if (headers.First(name) is { Length: > 0 } id)
            {
                return id;
            }
        }

        return null;
    }
}
