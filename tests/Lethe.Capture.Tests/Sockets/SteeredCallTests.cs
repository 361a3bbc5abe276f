using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Sockets;

/// <summary>What a client says while a call of the Responses API runs.</summary>
public sealed class SteeredCallTests
{
    private const string Create = """{"type":"response.create","model":"gpt-5.5","input":"look"}""";
    private const string Created = """{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.5"}}""";
    private const string Asking = """{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"n","arguments":"{}"}}""";
    private const string Saying = """{"type":"response.output_item.done","output_index":1,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}}""";
    private const string Completed = """{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5.5","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}}""";
    private const string Inject = """{"type":"response.inject","response_id":"resp_1","input":[{"type":"function_call_output","call_id":"c","output":"72 degrees"}]}""";
    private const string Steer = """{"type":"response.steer","previous_response_id":"resp_1","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"no, in Paris"}]}]}""";

    [Fact]
    public void What_is_injected_is_a_part_of_the_turn_behind_what_it_answers()
    {
        var turn = Assert.Single(Run((true, Create), (false, Created), (false, Asking), (true, Inject), (false, """{"type":"response.inject.created","response_id":"resp_1"}"""), (false, Saying), (false, Completed))).Turn!;

        Assert.Equal(["assistant", "tool", "assistant"], turn.Reply.Select(message => message.Role));
        Assert.Equal(("c", "72 degrees"), (Assert.Single(turn.ToolResults).Id, turn.ToolResults[0].Output));
        Assert.Equal(("done", 2L), (turn.ReplyText, turn.Usage!.Output));
    }

    [Theory]
    [InlineData("""{"type":"response.inject.failed","error":{"code":"no"}}""", 2)]
    [InlineData("""{"type":"response.inject.created"}""", 3)]
    public void What_the_server_refuses_was_not_said(string answer, int messages)
    {
        var turn = Assert.Single(Run((true, Create), (false, Created), (false, Asking), (true, """{"type":"response.inject","response_id":"resp_1","input":"more"}"""), (false, answer), (false, Saying), (false, Completed))).Turn!;

        Assert.Equal(messages, turn.Reply.Count);
        Assert.Equal(messages == 3 ? "more" : "done", turn.Reply[^1].Blocks[0].Text);
    }

    [Fact]
    public void What_steers_a_call_asks_for_the_one_that_the_server_begins_by_itself()
    {
        var turns = Run(
            (true, Create),
            (false, Created),
            (true, Steer),
            (false, Completed.Replace("\"output\":[]", "\"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"London\"}]}]", StringComparison.Ordinal)),
            (false, Created.Replace("resp_1", "resp_2", StringComparison.Ordinal)),
            (false, Saying),
            (false, Completed.Replace("resp_1", "resp_2", StringComparison.Ordinal)));

        Assert.Equal([("resp_1", null, "look", "London"), ("resp_2", "resp_1", "no, in Paris", "done")], turns.Select(told => (told.Turn!.ResponseId, told.Turn.PreviousResponseId, told.Turn.Prompt[0].Blocks[0].Text, told.Turn.ReplyText)));
        Assert.All(turns, told => Assert.Equal((true, Outcome.Completed, "gpt-5.5"), (told.IsTurn, told.Outcome, told.Turn!.ModelRequested)));
    }

    [Fact]
    public void A_steer_whose_names_nobody_can_read_harms_nothing()
    {
        var turns = Run(
            (true, Create),
            (false, Created),
            (true, Steer.Replace("\"input\"", "\"\\ud800\":1,\"input\"", StringComparison.Ordinal)),
            (false, Completed),
            (false, Created.Replace("resp_1", "resp_2", StringComparison.Ordinal)),
            (false, Saying),
            (false, Completed.Replace("resp_1", "resp_2", StringComparison.Ordinal)));

        Assert.Equal(("no, in Paris", "done"), (turns[1].Turn!.Prompt[0].Blocks[0].Text, turns[1].Turn!.ReplyText));
    }

    [Fact]
    public void A_steer_that_failed_and_an_answer_that_nobody_asked_for_are_no_call() => Assert.Single(Run(
        (true, Create), (false, Created), (true, Steer), (false, """{"type":"response.steer.failed","error":{"code":"unsupported_steering"}}"""), (false, Saying), (false, Completed), (false, Created), (false, Completed)));

    [Fact]
    public void Of_two_lanes_each_has_its_own()
    {
        var turns = Run(
            (true, Lane(Create, "a")),
            (true, Lane(Create, "b")),
            (false, Lane(Created, "a")),
            (false, Lane(Created.Replace("resp_1", "resp_9", StringComparison.Ordinal), "b")),
            (false, Lane(Asking, "a")),
            (true, Inject),
            (false, Lane(Saying, "b")),
            (false, Lane(Completed, "a")),
            (false, Lane(Completed.Replace("resp_1", "resp_9", StringComparison.Ordinal), "b")));

        Assert.Equal([("resp_1", "72 degrees"), ("resp_9", null)], turns.Select(told => (told.Turn!.ResponseId, told.Turn.ToolResults.SingleOrDefault()?.Output)));
    }

    private static string Lane(string message, string lane) => message[..^1] + $",\"stream_id\":\"{lane}\"}}";

    private static List<InterpretedExchange> Run(params (bool FromClient, string Message)[] messages)
    {
        List<InterpretedExchange> told = [];
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = "/v1/responses", Headers = [] }, 1024, TimeProvider.System);
        using var capture = SocketCapture.Open(
            handshake, [], head => new ExchangeBuilder(head, 1024 * 1024, TimeProvider.System, one => told.Add(new ExchangeInterpreter().Interpret(one.Snapshot()))))!;
        foreach (var (fromClient, message) in messages)
        {
            if (fromClient)
            {
                capture.FromClient(Frame.Text(message, masked: true));
            }
            else
            {
                capture.FromServer(Frame.Text(message));
            }
        }

        capture.End(Ending.Completed, null, null);
        return told;
    }
}
