using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>One request of a real agent, and what is made of it.</summary>
internal sealed record RecordedAgent(string Harness, string Scenario, int Number, CapturedExchange Exchange, InterpretedExchange Meaning)
{
    /// <summary>All recorded requests, HTTP calls and messages inside a WebSocket, in the order they were sent; empty when the recordings are not here.</summary>
    public static IReadOnlyList<RecordedAgent> All { get; } = SharedFixtures.Directory is null ? [] : [.. Read(SharedFixtures.Directory)];

    public static IReadOnlyList<RecordedAgent> Of(string harness, string scenario) =>
        [.. All.Where(request => request.Harness == harness && request.Scenario == scenario)];

    public string? Header(string name) => Exchange.RequestHeaders.First(name);

    public override string ToString() => $"{Harness} {Scenario} {Number}";

    private static IEnumerable<RecordedAgent> Read(string directory)
    {
        var interpreter = new ExchangeInterpreter();
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(directory, "harnesses"), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            CapturedExchange? handshake = null;
            foreach (var request in document.RootElement.GetProperty("requests").EnumerateArray())
            {
                var kind = request.TryGetProperty("kind", out var told) ? told.GetString() : null;
                if (kind == "ws-close")
                {
                    continue;
                }

                var exchange = kind == "ws-message" ? Said(request, handshake!) : Called(request);
                handshake = kind == "ws-open" ? exchange : handshake;
                yield return new RecordedAgent(
                    document.RootElement.GetProperty("harness").GetString()!,
                    Path.GetFileNameWithoutExtension(file).Split('.')[1],
                    request.GetProperty("n").GetInt32(),
                    exchange,
                    interpreter.Interpret(exchange));
            }
        }
    }

    private static CapturedExchange Called(JsonElement request)
    {
        var body = request.TryGetProperty("body", out var json) ? json.GetRawText() : "";
        return Call.Exchange("", body, request.GetProperty("url").GetString()!.Split('?')[0]) with
        {
            Method = request.GetProperty("method").GetString()!,
            RequestHeaders = [.. request.GetProperty("headers").EnumerateArray().Select(pair => new HeaderField(pair[0].GetString()!, pair[1].GetString()!))],
        };
    }

    // Under the headers of the handshake.
    private static CapturedExchange Said(JsonElement message, CapturedExchange handshake) => Call.Exchange("", message.GetProperty("body").GetRawText(), handshake.Path) with
    {
        RequestHeaders = handshake.RequestHeaders,
        Attributes = new Dictionary<string, string> { [CapturedExchange.ConnectionAttribute] = "recorded" },
    };
}
