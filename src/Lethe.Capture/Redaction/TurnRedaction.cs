using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Redaction;

/// <summary>
/// The rule of the wire once more, on the decoded answer: a framing may have hidden in the bytes what the words show. So an answer is
/// hashed as the next request will repeat it. A request is one document, of which nothing was hidden.
/// </summary>
internal static class TurnRedaction
{
    public static Turn Apply(CapturedExchange exchange, Turn turn) => exchange.Attributes.ContainsKey(ExchangeRedactor.BodiesAttribute)
        ? turn with
        {
            Reply = Redact(turn.Reply),
            ReplyText = Redact(turn.ReplyText),
            ReplyReasoning = Redact(turn.ReplyReasoning),
            ToolCalls = [.. turn.ToolCalls.Select(call => call with { ArgumentsJson = TextRedaction.Shapes(call.ArgumentsJson) })],
            Error = turn.Error is { Message: { } message } error ? error with { Message = TextRedaction.Shapes(message) } : turn.Error,
        }
        : turn;

    private static string? Redact(string? text) => text is null ? null : TextRedaction.Shapes(text);

    private static IReadOnlyList<Message> Redact(IReadOnlyList<Message> messages)
    {
        Message[]? redacted = null;
        for (var i = 0; i < messages.Count; i++)
        {
            var raw = Redact(messages[i].Raw);
            if (raw is not null)
            {
                redacted ??= [.. messages];
                redacted[i] = messages[i].Rewritten(raw);
            }
        }

        return redacted ?? messages;
    }

    private static byte[]? Redact(ReadOnlyMemory<byte> raw)
    {
        using var output = new PooledBytes();
        using var redactor = new StreamRedactor();
        redactor.Append(raw.Span, output);
        redactor.Complete(output);
        return redactor.Replaced == 0 ? null : output.ToArray();
    }
}
