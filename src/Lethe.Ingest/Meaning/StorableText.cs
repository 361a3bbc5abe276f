using System.Diagnostics.CodeAnalysis;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Names and keys as every store can hold them: no database's text has U+0000, nor half a surrogate pair. What was said word for word, replies and
/// messages, is kept as bytes and needs none of this.
/// </summary>
internal static class StorableText
{
    private const char ShownNul = '\u2400';

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text)
    {
        if (text is null || !IsUnstorable(text))
        {
            return text;
        }

        return string.Create(text.Length, text, static (clean, text) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                clean[i] = text[i] == '\0' ? ShownNul : IsHalf(text, i) ? '\uFFFD' : text[i];
            }
        });
    }

    public static InterpretedExchange Of(InterpretedExchange told)
    {
        var envelope = told.Envelope;
        var turn = told.Turn;
        if (!Fields(told.Exchange).Concat(Fields(envelope)).Concat(Fields(turn)).Append(told.OutcomeReason).Any(IsUnstorable))
        {
            return told;
        }

        return told with
        {
            OutcomeReason = Of(told.OutcomeReason),
            Exchange = Of(told.Exchange),
            Envelope = Of(envelope),
            Turn = turn is null ? null : Of(turn),
        };
    }

    private static bool IsUnstorable(string? text)
    {
        // Surrogates are rare: only where there is one it is worth a closer look.
        if (text is null || (!text.Contains('\0') && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0))
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || IsHalf(text, i))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHalf(string text, int i) =>
        (char.IsHighSurrogate(text[i]) && (i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])))
        || (char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])));

    private static IEnumerable<string?> Fields(CapturedExchange exchange) =>
        [exchange.CommitKey, exchange.AuthSubject, exchange.Method, exchange.Path, exchange.Upstream, exchange.Provider, exchange.HttpVersion];

    private static IEnumerable<string?> Fields(SessionEnvelope envelope) =>
    [
        envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId, envelope.ThreadId, envelope.ParentHarnessId, envelope.ParentHarnessSessionId,
        envelope.PromptId, envelope.RequestKind, envelope.ForkedFromHarnessSessionId, envelope.Cwd, envelope.Name, envelope.UserAgent,
    ];

    private static IEnumerable<string?> Fields(Turn? turn) => turn is null
        ? []
        : [
            turn.Provider, turn.Endpoint, turn.ModelRequested, turn.ModelServed, turn.ResponseId, turn.UpstreamRequestId, turn.PreviousResponseId, turn.StopReason,
            .. turn.ToolCalls.Select(call => call.Id), .. turn.ToolCalls.Select(call => call.Name), .. turn.ToolResults.Select(result => result.Id),
        ];

    private static CapturedExchange Of(CapturedExchange exchange) => exchange with
    {
        CommitKey = Of(exchange.CommitKey),
        AuthSubject = Of(exchange.AuthSubject),
        Method = Of(exchange.Method),
        Path = Of(exchange.Path),
        Upstream = Of(exchange.Upstream),
        Provider = Of(exchange.Provider),
        HttpVersion = Of(exchange.HttpVersion),
    };

    private static SessionEnvelope Of(SessionEnvelope envelope) => envelope with
    {
        HarnessId = Of(envelope.HarnessId),
        HarnessVersion = Of(envelope.HarnessVersion),
        HarnessSessionId = Of(envelope.HarnessSessionId),
        ThreadId = Of(envelope.ThreadId),
        ParentHarnessId = Of(envelope.ParentHarnessId),
        ParentHarnessSessionId = Of(envelope.ParentHarnessSessionId),
        PromptId = Of(envelope.PromptId),
        RequestKind = Of(envelope.RequestKind),
        ForkedFromHarnessSessionId = Of(envelope.ForkedFromHarnessSessionId),
        Cwd = Of(envelope.Cwd),
        Name = Of(envelope.Name),
        UserAgent = Of(envelope.UserAgent),
    };

    private static Turn Of(Turn turn) => turn with
    {
        Provider = Of(turn.Provider),
        Endpoint = Of(turn.Endpoint),
        ModelRequested = Of(turn.ModelRequested),
        ModelServed = Of(turn.ModelServed),
        ResponseId = Of(turn.ResponseId),
        UpstreamRequestId = Of(turn.UpstreamRequestId),
        PreviousResponseId = Of(turn.PreviousResponseId),
        StopReason = Of(turn.StopReason),
        ToolCalls = [.. turn.ToolCalls.Select(call => call with { Id = Of(call.Id), Name = Of(call.Name) })],
        ToolResults = [.. turn.ToolResults.Select(result => result with { Id = Of(result.Id) })],
    };
}
