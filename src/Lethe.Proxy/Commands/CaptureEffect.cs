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
            "captured by base_url: behind an address that is not Anthropic's, Claude Code does without Remote Control and voice, does not mark the system context "
            + "that it adds in mid-conversation for caching, and sends its checks of fast mode and of WebFetch's domains to Anthropic directly; lethe cannot restore that",
        _ => null,
    };
}
