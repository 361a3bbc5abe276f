using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Commands;

/// <summary>What a harness does otherwise because of how it was captured, as far as lethe cannot undo it.</summary>
internal static class CaptureEffect
{
    /// <summary>One line; null where nothing is known.</summary>
    public static string? Of(ExchangeRecord exchange) => (exchange.CaptureMode, exchange.Harness.Id) switch
    {
        // https://code.claude.com/docs/en/llm-gateway-protocol and …/prompt-caching
        ("base_url", "claude-code") =>
            "captured by base_url: Claude Code then has no Remote Control and no voice, leaves added system context uncached, and checks fast mode and WebFetch's domains past lethe",
        _ => null,
    };
}
