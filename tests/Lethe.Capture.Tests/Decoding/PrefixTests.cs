using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>A stream may end anywhere.</summary>
public sealed class PrefixTests
{
    private static readonly (string Path, string Stream)[] Streams =
    [
        ("/v1/messages", Invented.TypedEvents(
            ("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a naïve — answer 松\"}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"k\\\":[1,2]}\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":9}"),
            ("message_stop", ""))),
        ("/v1/chat/completions", Invented.DataEvents(
            """{"id":"i","model":"g","choices":[{"index":0,"delta":{"role":"assistant","content":"a naïve "}}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""",
            """{"id":"i","choices":[{"index":0,"delta":{"content":"— answer 松"}}]}""",
            """{"id":"i","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{\"k\":[1,2]}"}}]}}]}""",
            """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}}""",
            "[DONE]")),
        ("/v1/responses", Invented.TypedEvents(
            ("response.created", "\"response\":{\"id\":\"r\",\"model\":\"g\",\"status\":\"in_progress\",\"output\":[]}"),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"a naïve \""),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"— answer 松\""),
            ("response.output_item.done", "\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"t\",\"name\":\"n\",\"arguments\":\"{\\\"k\\\":[1,2]}\"}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"model\":\"g\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}"))),
        ("/v2/chat", Invented.DataEvents(
            """{"type":"message-start","id":"c"}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"a naïve "}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"— answer 松"}}}}""",
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"n","arguments":""}}}}}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"k\":[1,2]}"}}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}""")),
        ("/api/chat",
            "{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"a naïve \"},\"done\":false}\n{\"model\":\"l\",\"message\":{\"content\":\"— answer 松\"},\"done\":false}\n"
            + "{\"model\":\"l\",\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"t\",\"function\":{\"name\":\"n\",\"arguments\":{\"k\":[1,2]}}}]},\"done\":false}\n{\"model\":\"l\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":9}\n"),
    ];

    [Fact]
    public void The_whole_streams_say_the_same_in_every_dialect()
    {
        foreach (var (path, stream) in Streams)
        {
            var turn = Decode(path, Encoding.UTF8.GetBytes(stream), Ending.Completed);

            Assert.Equal(("a naïve — answer 松", true, true), (turn.ReplyText, turn.ReplyComplete, turn.Usage!.Final));
            Assert.Equal([new ToolCall("t", "n", "{\"k\":[1,2]}")], turn.ToolCalls);
            Assert.Equal((5, 9), (turn.Usage.InputTotal, turn.Usage.Output));
        }
    }

    [Fact]
    public void Any_prefix_keeps_a_prefix_of_the_text_and_never_claims_a_final_count_before_the_last_one() =>
        Prop.ForAll(Gen.Choose(0, Streams.Length - 1).ToArbitrary(), Gen.Choose(0, 2000).ToArbitrary(), (which, cut) =>
        {
            var (path, stream) = Streams[which];
            var bytes = Encoding.UTF8.GetBytes(stream);
            var kept = bytes.AsSpan(0, Math.Min(cut, bytes.Length)).ToArray();
            var turn = Decode(path, kept, Ending.ClientAborted);
            var isPrefix = "a naïve — answer 松".StartsWith(turn.ReplyText ?? "", StringComparison.Ordinal);
            var isPartial = turn.Usage is not { Final: true } || turn.Usage.Output == 9;
            return isPrefix && isPartial && (turn.ReplyComplete == false || turn.Usage?.Final == true);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Line_endings_and_comments_do_not_change_the_turn()
    {
        foreach (var (path, stream) in Streams)
        {
            var plain = Decode(path, Encoding.UTF8.GetBytes(stream), Ending.Completed);
            foreach (var other in new[] { stream.Replace("\n", "\r\n", StringComparison.Ordinal), stream.Replace('\n', '\r'), "\uFEFF" + stream.Replace("data: ", ": ping\ndata:", StringComparison.Ordinal), stream.TrimEnd() })
            {
                var turn = Decode(path, Encoding.UTF8.GetBytes(other), Ending.Completed);

                Assert.Equal((plain.ReplyText, plain.StopReason, plain.Usage!.Output, plain.ReplyComplete), (turn.ReplyText, turn.StopReason, turn.Usage!.Output, turn.ReplyComplete));
                Assert.Equal(plain.ToolCalls, turn.ToolCalls);
            }
        }
    }

    private static Turn Decode(string path, byte[] stream, Ending ending) =>
        Invented.Decode(Invented.Exchange(path, "{}"u8.ToArray(), stream) with { Ending = ending });
}
