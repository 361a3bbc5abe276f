using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Recorded;

/// <summary>Calls of our own making, as a client and a mock said them on the wire, one for each dialect and framing, against <c>expected.json</c>.</summary>
public sealed class RecordedCallsTests
{
    public static TheoryData<string> Names => [.. Expected().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recorded_call_means_what_the_file_says(string name)
    {
        var meaning = new ExchangeInterpreter().Interpret(Call(name));

        Assert.Equal(Expected()[name].EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"{field.Name}={field.Value}"), Told(meaning));
    }

    private static IEnumerable<string> Told(InterpretedExchange meaning)
    {
        var turn = meaning.Turn!;
        (string Name, object? Value)[] fields =
        [
            ("cache_read", turn.Usage?.CacheRead),
            ("cache_write", turn.Usage?.CacheWrite),
            ("endpoint", turn.Endpoint),
            ("error", turn.Error?.Message),
            ("id", turn.ResponseId),
            ("input", turn.Usage?.InputTotal),
            ("model", turn.ModelServed),
            ("outcome", meaning.Outcome switch { Outcome.Completed => null, Outcome.UpstreamAborted => "upstream_aborted", Outcome.UpstreamError => "upstream_error", var other => other.ToString() }),
            ("output", turn.Usage?.Output),
            ("reasoning", turn.ReplyReasoning),
            ("stop", turn.StopReason),
            ("text", turn.ReplyText),
            ("tool", turn.ToolCalls.Count == 0 ? null : string.Join(' ', turn.ToolCalls.Select(call => $"{call.Name} {call.ArgumentsJson}"))),
        ];
        return fields.Where(field => field.Value is not null).Select(field => $"{field.Name}={field.Value}");
    }

    private static CapturedExchange Call(string name)
    {
        foreach (var line in File.ReadLines(PathOf("calls.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var call = document.RootElement;
            if (call.GetProperty("name").GetString() == name)
            {
                return Invented.Exchange(call.GetProperty("path").GetString()!.Split('?')[0], call.GetProperty("request_b64").GetBytesFromBase64(), call.GetProperty("response_b64").GetBytesFromBase64()) with
                {
                    Method = call.GetProperty("method").GetString()!,
                    Status = call.GetProperty("status").GetInt32(),
                    ResponseHeaders = [.. call.GetProperty("headers").EnumerateArray().Select(header => new HeaderField(header[0].GetString()!, header[1].GetString()!))],
                    Ending = call.GetProperty("cut").GetBoolean() ? Ending.UpstreamAborted : Ending.Completed,
                };
            }
        }

        throw new InvalidOperationException($"{name} is not recorded");
    }

    private static Dictionary<string, JsonElement> Expected()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(PathOf("expected.json")));
        return document.RootElement.Clone().EnumerateObject().ToDictionary(call => call.Name, call => call.Value);
    }

    private static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Recorded", file);
}
