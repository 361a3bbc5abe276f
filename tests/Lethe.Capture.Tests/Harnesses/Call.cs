using System.Text;
using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>A request as some client sends it, and what the detector makes of it.</summary>
internal static class Call
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    /// <param name="headers">One a line: <c>name: value</c>.</param>
    public static CapturedExchange Exchange(string headers, string body = "", string path = "/v1/messages")
    {
        var id = ExchangeId.New(Noon);
        var bytes = Encoding.UTF8.GetBytes(body);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = Noon,
            Method = "POST",
            Path = path,
            RequestHeaders = Headers(headers),
            Request = new CapturedBody { Bytes = bytes, WireBytes = bytes.Length },
            CredentialFingerprint = "0123456789abcdef",
            Ending = Ending.Completed,
        };
    }

    public static SessionEnvelope Detect(string headers, string body = "", Chain? chain = null) => Detect(Exchange(headers, body), chain);

    public static SessionEnvelope Detect(CapturedExchange exchange, Chain? chain = null)
    {
        if (exchange.Request.Bytes.IsEmpty)
        {
            return HarnessDetector.Detect(exchange, null, null, chain);
        }

        using var document = JsonDocument.Parse(exchange.Request.Bytes);
        return HarnessDetector.Detect(exchange, document.RootElement, null, chain);
    }

    public static Chain Chain(params (string Role, string Text)[] messages) => ChainBuilder.Build(new Turn
    {
        Provider = "openai",
        Endpoint = "chat_completions",
        Operation = Operation.Chat,
        Prompt = [.. messages.Select(message => new Message(message.Role, [new Block { Type = "text", Text = message.Text }], default))],
    })!;

    private static List<HeaderField> Headers(string lines) =>
    [
        .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(':', 2))
            .Select(pair => new HeaderField(pair[0], pair[1].TrimStart(' '))),
    ];
}
