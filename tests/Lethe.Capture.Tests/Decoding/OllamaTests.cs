using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Ollama's own API, whole and in lines.</summary>
public sealed class OllamaTests
{
    private const string Request = """
        {"model":"llama","messages":[{"role":"system","content":"s"},{"role":"user","content":"q","images":["AAAA"]},
          {"role":"assistant","content":"","tool_calls":[{"function":{"name":"n","arguments":{"k":0}}}]},{"role":"tool","tool_name":"n","content":"out"}],
         "tools":[{"type":"function","function":{"name":"n"}}]}
        """;

    private static readonly string[] Lines =
    [
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":"","thinking":"h"},"done":false}""",
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":"","thinking":"m"},"done":false}""",
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":"a \ud83d"},"done":false}""",
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":"\ude00"},"done":false}""",
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":"","tool_calls":[{"id":"c1","function":{"index":0,"name":"n","arguments":{"k":1}}}]},"done":false}""",
        """{"model":"llama","created_at":"t","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9,"prompt_eval_count":5,"eval_count":9}""",
    ];

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("")]
    [InlineData("\n\n")]
    public void A_chat_streams_though_nobody_asked_for_it(string between)
    {
        var turn = Invented.Decode(Invented.Exchange("/api/chat", Request, string.Join(between, Lines) + between));

        Assert.Equal(("a 😀", "hm", "stop", "llama", true, true), (turn.ReplyText, turn.ReplyReasoning, turn.StopReason, turn.ModelServed, turn.ReplyComplete, turn.Stream));
        Assert.Equal([new ToolCall("c1", "n", """{"k":1}""")], turn.ToolCalls);
        Assert.Equal((5, 9, true), (turn.Usage!.Input, turn.Usage.Output, turn.Usage.Final));
        Assert.Equal(["system", "user", "assistant", "tool"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(["text", "image"], turn.Prompt[1].Blocks.Select(block => block.Type));
        Assert.Equal([new ToolResult("n", false, "out")], turn.ToolResults);
        Assert.Contains("\"n\"", Encoding.UTF8.GetString(turn.Tools!), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_is_cut_keeps_what_came_and_is_not_complete()
    {
        var whole = Encoding.UTF8.GetBytes(string.Join('\n', Lines));
        for (var cut = 0; cut < whole.Length; cut++)
        {
            var turn = Invented.Decode(Invented.Exchange("/api/chat", Encoding.UTF8.GetBytes(Request), whole[..cut]) with { Ending = Ending.UpstreamAborted });

            Assert.False(turn.ReplyComplete);
            Assert.Null(turn.Usage);
            Assert.True("a 😀".StartsWith((turn.ReplyText ?? "").TrimEnd('\ufffd'), StringComparison.Ordinal), turn.ReplyText);
        }
    }

    [Fact]
    public void A_whole_answer_is_one_line()
    {
        var chat = Invented.Decode(Invented.Exchange("/api/chat", """{"model":"l","stream":false,"messages":[]}""", """{"model":"l","message":{"role":"assistant","content":"x","thinking":"t"},"done":true,"done_reason":"length","eval_count":2}"""));
        var generated = Invented.Decode(Invented.Exchange("/api/generate", """{"model":"l","prompt":"q","system":"s","images":["AA"]}""", """{"model":"l","response":"x","done":true,"done_reason":"stop","context":[1,2],"prompt_eval_count":3,"eval_count":2}"""));
        var embedded = Invented.Decode(Invented.Exchange("/api/embed", """{"model":"l","input":"q"}""", """{"model":"l","embeddings":[[0.5]],"prompt_eval_count":3}"""));

        Assert.Equal(("x", "t", "length", false, true), (chat.ReplyText, chat.ReplyReasoning, chat.StopReason, chat.Stream, chat.ReplyComplete));
        Assert.Equal((null, 2), (chat.Usage!.Input, chat.Usage.Output));
        Assert.Equal(("x", Operation.Completion, true), (generated.ReplyText, generated.Operation, generated.ReplyComplete));
        Assert.Equal(["q", null], Assert.Single(generated.Prompt).Blocks.Select(block => block.Text));
        Assert.Equal("\"s\"", Encoding.UTF8.GetString(generated.System!));
        Assert.Equal((Operation.Embeddings, 3, true, 0), (embedded.Operation, embedded.Usage!.Input, embedded.ReplyComplete, embedded.Reply.Count));
    }

    [Fact]
    public void An_error_is_a_line_like_any_other()
    {
        var middle = Invented.Decode(Invented.Exchange("/api/chat", Request, Lines[2] + "\n{\"error\":\"it broke\"}\n"));
        var whole = Invented.Decode(Invented.Exchange("/api/chat", Request, """{"error":"no such model"}"""));
        var refused = Invented.Decode(Invented.Exchange("/api/chat", Request, """{"error":"no such model"}""") with { Status = 404 });
        var other = Invented.Decode(Invented.Exchange("/api/chat", Request, "{}"));

        Assert.Equal(("stream", "it broke", false), (middle.Error!.Phase, middle.Error.Message, middle.ReplyComplete));
        Assert.Equal(("body", "no such model", false), (whole.Error!.Phase, whole.Error.Message, whole.ReplyComplete));
        Assert.Equal(("http", "no such model"), (refused.Error!.Phase, refused.Error.Message));
        Assert.False(other.ReplyComplete);
        Assert.NotNull(other.Error);
    }

    [Fact]
    public void A_model_that_was_loaded_said_nothing()
    {
        var turn = Invented.Decode(Invented.Exchange("/api/generate", """{"model":"l"}""", """{"model":"l","response":"","done":true,"done_reason":"load"}"""));

        Assert.Equal(("load", true, 0), (turn.StopReason, turn.ReplyComplete, turn.Reply.Count));
        Assert.Empty(turn.Prompt);
    }
}
