using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Converse, and models invoked in their own language.</summary>
public sealed class BedrockTests
{
    private const string Converse = "/model/us.anthropic.claude-sonnet-5/converse";
    private const string Claude = "/model/us.anthropic.claude-sonnet-5/invoke-with-response-stream";
    private const string Titan = "/model/amazon.titan-text-lite-v1/invoke";

    [Fact]
    public void A_converse_call_is_read_whole()
    {
        var turn = Invented.Decode(Invented.Exchange(
            Converse,
            """
            {"system":[{"text":"Be brief."},{"cachePoint":{"type":"default"}}],
             "messages":[
               {"role":"user","content":[{"text":"Weather?"},{"image":{"format":"png","source":{"bytes":"AAAA"}}},{"cachePoint":{"type":"default"}}]},
               {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"look","signature":"s"}}},{"toolUse":{"toolUseId":"u1","name":"weather","input":{"city":"Bern"}}}]},
               {"role":"user","content":[{"toolResult":{"toolUseId":"u1","content":[{"text":"no such"},{"json":{"city":1}}],"status":"error"}}]}],
             "toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object"}}}}]}}
            """,
            """
            {"metrics":{"latencyMs":1},"output":{"message":{"role":"assistant","content":[
               {"reasoningContent":{"reasoningText":{"text":"again","signature":"t"}}},{"text":"One moment. "},
               {"citationsContent":{"citations":[{"title":"a"}],"content":[{"text":"It rains."}]}},{"toolUse":{"toolUseId":"u2","name":"weather","input":{"city":"Basel"}}}]}},
             "stopReason":"tool_use","serviceTier":{"type":"priority"},
             "usage":{"inputTokens":10,"outputTokens":4,"cacheReadInputTokens":100,"cacheWriteInputTokens":30,"cacheDetails":[{"ttl":"1h","inputTokens":20},{"ttl":"5m","inputTokens":10}],"totalTokens":144}}
            """));

        Assert.Equal(("us.anthropic.claude-sonnet-5", null, "tool_use", true), (turn.ModelRequested, turn.ModelServed, turn.StopReason, turn.ReplyComplete));
        Assert.Equal(("One moment. It rains.", "again"), (turn.ReplyText, turn.ReplyReasoning));
        Assert.Equal([new ToolCall("u2", "weather", """{"city":"Basel"}""")], turn.ToolCalls);
        Assert.Equal([new ToolResult("u1", true, "no such\n{\"city\":1}")], turn.ToolResults);
        Assert.Equal(["text", "image"], turn.Prompt[0].Blocks.Select(block => block.Type));
        Assert.Equal(("AAAA", "image/png"), (turn.Prompt[0].Blocks[1].ImageBase64, turn.Prompt[0].Blocks[1].MediaType));
        Assert.Equal(["thinking", "tool_use"], turn.Prompt[1].Blocks.Select(block => block.Type));
        Assert.Contains("Be brief.", Encoding.UTF8.GetString(turn.System!), StringComparison.Ordinal);
        Assert.Contains("toolSpec", Encoding.UTF8.GetString(turn.Tools!), StringComparison.Ordinal);
        Assert.Equal((10, 100, 10, 20, 4, 140), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.CacheWrite5m, turn.Usage.CacheWrite1h, turn.Usage.Output, turn.Usage.InputTotal));
        Assert.Equal("priority", turn.Usage.ServiceTier);
    }

    [Fact]
    public void A_streamed_reply_is_the_reply_that_the_whole_call_would_have_given()
    {
        var whole = Invented.Decode(Invented.Exchange(
            Converse,
            "{}",
            """
            {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"a naïve 😀"},
              {"toolUse":{"toolUseId":"u","name":"n","input":{"k":[1,2]}}},{"toolUse":{"toolUseId":"v","name":"m","input":{}}}]}},
             "stopReason":"tool_use","usage":{"inputTokens":5,"outputTokens":9,"cacheReadInputTokens":2,"cacheWriteInputTokens":0}}
            """));
        var streamed = Stream(
            EventStreams.Event("messageStart", """{"role":"assistant","p":"abc"}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s"}}}"""),
            EventStreams.Event("contentBlockStop", """{"contentBlockIndex":0}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"text":"a naïve \ud83d"}}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"text":"\ude00"}}"""),
            EventStreams.Event("contentBlockStop", """{"contentBlockIndex":1}"""),
            EventStreams.Event("contentBlockStart", """{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"u","name":"n"}}}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"k\":[1"}}}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":2,"delta":{"toolUse":{"input":",2]}"}}}"""),
            EventStreams.Event("contentBlockStart", """{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"v","name":"m"}}}"""),
            EventStreams.Event("messageStop", """{"stopReason":"tool_use"}"""),
            EventStreams.Event("metadata", """{"metrics":{"latencyMs":1},"usage":{"inputTokens":5,"outputTokens":9,"cacheReadInputTokens":2,"cacheWriteInputTokens":0}}"""));

        Assert.Equal(("a naïve 😀", "hm", "tool_use", true), (streamed.ReplyText, streamed.ReplyReasoning, streamed.StopReason, streamed.ReplyComplete));
        Assert.Equal(whole.ToolCalls, streamed.ToolCalls);
        Assert.Equal((whole.ReplyText, whole.ReplyReasoning), (streamed.ReplyText, streamed.ReplyReasoning));
        Assert.Equal(whole.Reply[0].Blocks, streamed.Reply[0].Blocks);
        Assert.Equal((whole.Usage!.InputTotal, whole.Usage.Output), (streamed.Usage!.InputTotal, streamed.Usage.Output));
    }

    [Fact]
    public void A_second_generation_that_is_spliced_in_takes_the_place_of_the_first()
    {
        var turn = Stream(
            EventStreams.Event("messageStart", """{"role":"assistant"}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"given up"}}"""),
            EventStreams.Event("messageStart", """{"role":"assistant"}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"kept"}}"""),
            EventStreams.Event("messageStop", """{"stopReason":"end_turn"}"""));

        Assert.Equal(("kept", true), (turn.ReplyText, turn.ReplyComplete));
    }

    [Fact]
    public void Claude_is_invoked_in_its_own_language()
    {
        var turn = Invented.Decode(Invented.Exchange(
            Claude,
            Encoding.UTF8.GetBytes("""{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"system":"s","messages":[{"role":"user","content":"hi"}]}"""),
            EventStreams.Of(
                EventStreams.Chunk("""{"type":"message_start","message":{"id":"msg_bdrk_1","model":"claude-sonnet-5","role":"assistant","content":[],"usage":{"input_tokens":7,"output_tokens":1}}}"""),
                EventStreams.Chunk("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
                EventStreams.Chunk("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel\ud83d"}}"""),
                EventStreams.Chunk("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ude00lo"}}"""),
                EventStreams.Chunk("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"""),
                EventStreams.Chunk("""{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":3,"invocationLatency":9}}"""))));

        Assert.Equal(("us.anthropic.claude-sonnet-5", "claude-sonnet-5", "msg_bdrk_1"), (turn.ModelRequested, turn.ModelServed, turn.ResponseId));
        Assert.Equal(("Hel😀lo", "end_turn", true, true), (turn.ReplyText, turn.StopReason, turn.ReplyComplete, turn.Stream));
        Assert.Equal((7, 3), (turn.Usage!.Input, turn.Usage.Output));
        Assert.Equal("hi", Assert.Single(turn.Prompt).Blocks[0].Text);
    }

    [Theory]
    [InlineData("{\"inputText\":\"hi\"}", "{\"inputTextTokenCount\":9,\"results\":[{\"tokenCount\":3,\"outputText\":\"said\",\"completionReason\":\"FINISH\"}]}", "FINISH", 9L, 3L)]
    [InlineData("{\"prompt\":\"hi\"}", "{\"generation\":\"said\",\"prompt_token_count\":9,\"generation_token_count\":3,\"stop_reason\":\"stop\"}", "stop", 9L, 3L)]
    [InlineData("{\"prompt\":\"hi\"}", "{\"outputs\":[{\"text\":\"said\",\"stop_reason\":\"length\"}]}", "length", 1L, 2L)]
    [InlineData("{\"prompt\":\"hi\"}", "{\"completion\":\"said\",\"stop_reason\":\"stop_sequence\"}", "stop_sequence", 1L, 2L)]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"said\"},\"finish_reason\":\"stop\"}]}", "stop", 1L, 2L)]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}", "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"said\"}]}},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":9,\"outputTokens\":3}}", "end_turn", 9L, 3L)]
    public void Other_models_are_told_by_what_they_say_and_counted_by_the_headers_where_they_count_nothing(string request, string response, string stop, long input, long output)
    {
        var turn = Invented.Decode(Invented.Exchange(Titan, request, response) with
        {
            ResponseHeaders = [new HeaderField("X-Amzn-Bedrock-Input-Token-Count", "1"), new HeaderField("X-Amzn-Bedrock-Output-Token-Count", "2"), new HeaderField("x-amzn-RequestId", "r-1")],
        });

        Assert.Equal(("said", stop, true), (turn.ReplyText, turn.StopReason, turn.ReplyComplete));
        Assert.Equal((input, output), (turn.Usage!.Input, turn.Usage.Output));
        Assert.Equal("hi", Assert.Single(turn.Prompt).Blocks[0].Text);
        Assert.Equal("r-1", turn.UpstreamRequestId);
    }

    [Fact]
    public void What_only_the_last_event_or_the_headers_count_is_counted()
    {
        var streamed = Invented.Decode(Invented.Exchange(
            "/model/mistral.mistral-7b/invoke-with-response-stream",
            "{\"prompt\":\"hi\"}"u8.ToArray(),
            EventStreams.Of(
                EventStreams.Chunk("""{"outputs":[{"text":"sa"}]}"""),
                EventStreams.Chunk("""{"outputs":[{"text":"id","stop_reason":"stop"}],"amazon-bedrock-invocationMetrics":{"inputTokenCount":4,"outputTokenCount":2,"cacheReadInputTokenCount":8}}"""))));
        var embedded = Invented.Decode(Invented.Exchange("/model/amazon.titan-embed-text-v2:0/invoke", "{\"inputText\":\"hi\"}", "{\"embedding\":[0.5]}") with
        {
            ResponseHeaders = [new HeaderField("x-amzn-bedrock-input-token-count", "3")],
        });

        Assert.Equal(("said", "stop", true), (streamed.ReplyText, streamed.StopReason, streamed.ReplyComplete));
        Assert.Equal((4, 8, 2), (streamed.Usage!.Input, streamed.Usage.CacheRead, streamed.Usage.Output));
        Assert.Equal((Operation.Embeddings, 3L, null, true), (embedded.Operation, embedded.Usage!.Input, embedded.Usage.Output, embedded.ReplyComplete));
    }

    [Theory]
    [InlineData("arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0", "us.amazon.nova-lite-v1:0")]
    [InlineData("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0")]
    [InlineData("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc")]
    [InlineData("eu.amazon.nova-lite-v1%3A0", "eu.amazon.nova-lite-v1:0")]
    public void The_path_names_the_model(string inPath, string model) =>
        Assert.Equal(model, Invented.Decode(Invented.Exchange($"/gateway/model/{inPath}/converse", "{\"messages\":[]}", "{}")).ModelRequested);

    [Fact]
    public void A_refusal_has_its_type_from_the_header()
    {
        var turn = Invented.Decode(Invented.Exchange(Converse, "{}", """{"message":"Too many requests"}""") with
        {
            Status = 429,
            ResponseHeaders = [new HeaderField("x-amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/")],
        });

        Assert.Equal(("http", "ThrottlingException", "Too many requests"), (turn.Error!.Phase, turn.Error.Type, turn.Error.Message));
    }

    [Fact]
    public void What_is_no_answer_is_never_a_complete_one()
    {
        foreach (var body in new[] { "{}", "[]", "{\"message\":\"no\"}", "{\"output\":{}}", "{\"bytes\":\"%%\"}" })
        {
            foreach (var path in new[] { Converse, Titan })
            {
                var turn = Invented.Decode(Invented.Exchange(path, "{}", body));

                Assert.False(turn.ReplyComplete, path + body);
                Assert.NotNull(turn.Error);
            }
        }
    }

    private static Turn Stream(params byte[][] messages) =>
        Invented.Decode(Invented.Exchange(Converse + "-stream", "{}"u8.ToArray(), EventStreams.Of(messages)));
}
