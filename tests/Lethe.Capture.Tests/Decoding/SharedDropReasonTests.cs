using System.Text.Json;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The tapes project's reasons for which a call is no turn, where they lie beside the checkout. Here such a call is kept, and its outcome says why.</summary>
public sealed class SharedDropReasonTests(ITestOutputHelper output)
{
    private const string Answer = """{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}""";

    /// <summary>An answer is read by what it is: a 201 that carries a whole reply is a turn here.</summary>
    private const int CreatedStatus = 201;

    /// <summary>Of how bytes are moved there, which is nothing that a call says.</summary>
    private static readonly string[] OfTransport = ["ingest_reject", "ingest_timeout", "marshal_error", "missing_status", "request_over_budget", "sem_full"];

    /// <summary>A call for each other reason, and what is said of it here: outcome, reason.</summary>
    private static readonly Dictionary<string, (CapturedExchange Exchange, Outcome Outcome, string? Reason)> Calls = new()
    {
        ["non_turn_request"] = (Call("/v1/models", "") with { Method = "GET" }, Outcome.Completed, null),
        ["upstream_status"] = (Call("/v1/messages", """{"type":"error","error":{"type":"overloaded_error","message":"no"}}""") with { Status = 529 }, Outcome.UpstreamError, null),
        ["empty_response"] = (Call("/v1/messages", ""), Outcome.NotDecoded, "response_empty"),
        ["unknown_provider"] = (Invented.Exchange("/unheard/of", """{"a":1}""", """{"b":2}"""), Outcome.NotDecoded, "unknown_endpoint"),
        ["response_decode"] = (Call("/v1/messages", "\u0001\u0002\u0003") with { ResponseHeaders = [new("content-encoding", "gzip")] }, Outcome.NotDecoded, "content_coding_corrupt"),
        ["reducer_error"] = (Call("/v1/messages", "{\"broken"), Outcome.NotDecoded, "response_not_json"),
        ["client_disconnect"] = (Call("/v1/messages", "") with { Ending = Ending.ClientAborted }, Outcome.ClientAborted, null),
        ["upstream_no_response"] = (Call("/v1/messages", "") with { Status = null, Ending = Ending.NoResponse }, Outcome.NoResponse, null),
    };

    [Fact]
    public void Every_reason_is_an_outcome_here_or_is_of_another_transport()
    {
        foreach (var (name, call) in Calls)
        {
            var meaning = new ExchangeInterpreter().Interpret(call.Exchange);
            Assert.Equal((name, call.Outcome, call.Reason, false), (name, meaning.Outcome, call.Reason is null ? null : meaning.OutcomeReason, meaning.IsTurn));
        }

        var known = Calls.Keys.Concat(OfTransport).Append("request_decode").ToHashSet();
        Assert.All(Cases(), @case => Assert.Contains(@case.GetProperty("name").GetString()!, known));
    }

    /// <summary>The answer to a request that cannot be read is a turn all the same here; what it asked is not told, and that is said.</summary>
    [Fact]
    public void A_request_that_cannot_be_read_leaves_the_answer_and_says_so()
    {
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/messages", [1, 2, 3], System.Text.Encoding.UTF8.GetBytes(Answer)) with { RequestHeaders = [new("content-encoding", "zstd")] });
        Assert.Equal(("hi", "content_coding_corrupt", 0), (meaning.Turn!.ReplyText, meaning.OutcomeReason, meaning.Turn.Prompt.Count));
    }

    [Fact]
    public void Which_calls_are_turns_by_method_and_path_is_told_alike()
    {
        foreach (var example in Examples("non_turn_request"))
        {
            var request = example.GetProperty("request");
            // A call here always has a method; the door that takes calls without one means POST.
            var method = request.GetProperty("method").GetString() is { Length: > 0 } told ? told : "POST";
            var isTurn = EndpointPaths.Find(method, request.GetProperty("path").GetString()!) is { Operation: Operation.Chat or Operation.Completion };
            Assert.True(isTurn == IsEligible(example), example.GetRawText());
        }
    }

    [Fact]
    public void Which_calls_are_turns_by_their_status_is_told_alike()
    {
        foreach (var example in Examples("upstream_status"))
        {
            var status = example.GetProperty("response").GetProperty("status").GetInt32();
            var meaning = new ExchangeInterpreter().Interpret(Call("/v1/messages", status == 204 ? "" : Answer) with { Status = status });
            Assert.True(meaning.IsTurn == (IsEligible(example) || status == CreatedStatus), example.GetRawText());
        }
    }

    private static bool IsEligible(JsonElement example) => example.GetProperty("expect").GetString() == "eligible";

    private IEnumerable<JsonElement> Examples(string name) => Cases().Where(@case => @case.GetProperty("name").GetString() == name).SelectMany(@case => @case.GetProperty("examples").EnumerateArray());

    private IEnumerable<JsonElement> Cases()
    {
        if (SharedFixtures.Directory is not { } directory)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return [];
        }

        return Directory.EnumerateFiles(Path.Combine(directory, "tapes", "drop-reason", "cases"), "*.json").Select(file => JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file)));
    }

    private static CapturedExchange Call(string path, string answer) => Invented.Exchange(path, """{"model":"c","messages":[{"role":"user","content":"x"}]}""", answer);
}
