using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>One request of a real agent, and what is made of it.</summary>
internal sealed record RecordedAgent(string Harness, string Scenario, int Number, CapturedExchange Exchange, InterpretedExchange Meaning)
{
    /// <summary>All recorded requests that are HTTP calls, in the order they were sent; empty when the recordings are not here.</summary>
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
            foreach (var request in document.RootElement.GetProperty("requests").EnumerateArray())
            {
                if (!request.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
                {
                    continue;
                }

                var url = request.GetProperty("url").GetString()!.Split('?')[0];
                var body = request.TryGetProperty("body", out var json) ? json.GetRawText() : "";
                var exchange = Call.Exchange("", body, url) with
                {
                    Method = method.GetString()!,
                    RequestHeaders = [.. request.GetProperty("headers").EnumerateArray().Select(pair => new HeaderField(pair[0].GetString()!, pair[1].GetString()!))],
                };
                yield return new RecordedAgent(
                    document.RootElement.GetProperty("harness").GetString()!,
                    Path.GetFileNameWithoutExtension(file).Split('.')[1],
                    request.GetProperty("n").GetInt32(),
                    exchange,
                    interpreter.Interpret(exchange));
            }
        }
    }
}
