using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>What single vendors do otherwise than the API that they imitate.</summary>
public sealed class VendorQuirksTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Messages = "/v1/messages";

    private const string Usage = """ "usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6} """;

    public static TheoryData<string, string, string, string> Answers => new()
    {
        // Azure and Copilot: the first chunk judges the prompt, and has neither id nor model.
        {
            "/openai/deployments/d/chat/completions", "azure-openai",
            Invented.DataEvents("""{"choices":[],"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}""", Chunk("c1", "gpt-5", """{"role":"assistant","content":"hi"}""", "null"), Chunk("c1", "gpt-5", "{}", "\"stop\""), "[DONE]"),
            "c1 gpt-5 hi - stop Completed"
        },
        // Perplexity, Avian, Groq: another id in a later chunk.
        { Chat, "perplexity", Invented.DataEvents(Chunk("c1", "sonar", """{"role":"assistant","content":"hi"}""", "null"), Chunk("c2", "sonar", """{"content":"!"}""", "\"stop\"")), "c1 sonar hi! - stop Completed" },
        // Cloudflare: where a schema is asked for, the content is an object.
        { "/client/v4/accounts/a/ai/v1/chat/completions", "cloudflare", Whole("""{"role":"assistant","content":{"a":1}}""", "\"stop\""), """c m {"a":1} - stop Completed""" },
        // Snowflake: no word on the end, and objects that say nothing.
        { "/api/v2/cortex/v1/chat/completions", "snowflake", Whole("""{"role":"assistant","content":"hi","audio":{},"function_call":{},"tool_calls":[]}""", "\"\""), "c m hi - - Completed" },
        { Chat, "together", Whole("""{"role":"assistant","content":"hi"}""", "\"eos\""), "c m hi - eos Completed" },
        { Chat, "mistral", Whole("""{"role":"assistant","content":"hi"}""", "\"model_length\""), "c m hi - model_length Completed" },
        // OpenRouter and Vercel: the thoughts are told twice.
        { "/api/v1/chat/completions", "openrouter", Whole("""{"role":"assistant","content":"hi","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""", "\"stop\""), "c m hi hm stop Completed" },
        {
            "/api/v1/chat/completions", "openrouter",
            ": OPENROUTER PROCESSING\n\n" + Invented.DataEvents(Chunk("c1", "m", """{"role":"assistant","content":"","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""", "null"), Chunk("c1", "m", """{"content":"hi"}""", "\"stop\""), "[DONE]"),
            "c1 m hi hm stop Completed"
        },
        // Mistral: the content is a text in one chunk and a list in the next.
        {
            Chat, "mistral",
            Invented.DataEvents(Chunk("c1", "m", """{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}""", "null"), Chunk("c1", "m", """{"content":"hi"}""", "\"stop\""), "[DONE]"),
            "c1 m hi hm stop Completed"
        },
        // A model behind an imitation of the API that thinks in its own words.
        { "/novita/v3/openai/chat/completions", "huggingface", Whole("""{"role":"assistant","content":"<think>hm</think>hi"}""", "\"stop\""), "c m <think>hm</think>hi - stop Completed" },
        // Groq: its count stands in a member of its own, on the last chunk.
        { "/openai/v1/chat/completions", "groq", Invented.DataEvents(Chunk("c1", "m", """{"role":"assistant","content":"hi"}""", "null"), """{"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}}""", "[DONE]"), "c1 m hi - stop Completed" },
        // OpenRouter's Anthropic surface ends with another API's mark, Vertex pads its events.
        {
            "/api/v1/messages", "openrouter",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"c\",\"model\":\"m\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}}            \n\n"
            + Invented.TypedEvents(
                ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"), ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}"), ("content_block_stop", "\"index\":0"),
                ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":4,\"output_tokens\":2}"), ("message_stop", ""))
            + "event: data\ndata: [DONE]\n\n",
            "c m hi - end_turn Completed"
        },
        // A signature is replaced, not added to.
        {
            Messages, "anthropic",
            Invented.TypedEvents(
                ("message_start", "\"message\":{\"id\":\"c\",\"model\":\"m\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}"),
                ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"), ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}"),
                ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"a\"}"), ("content_block_stop", "\"index\":0"),
                ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"), ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}"), ("content_block_stop", "\"index\":1"),
                ("message_delta", "\"delta\":{\"stop_reason\":\"refusal\"},\"usage\":{\"output_tokens\":2}"), ("message_stop", "")),
            "c m hi hm refusal Completed"
        },
        // OpenRouter and some of Azure leave the events' names out, and a keepalive is nothing.
        {
            "/openai/v1/responses", "azure-openai",
            Invented.DataEvents("""{"type":"response.created","response":{"id":"c","model":"m"}}""", """{"type":"keepalive"}""", """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"hi"}""", """{"type":"response.completed","response":{"id":"c","model":"m","status":"completed","output":[],"usage":{"input_tokens":4,"output_tokens":2}}}"""),
            "c m hi - completed Completed"
        },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_is_read_as_its_vendor_means_it(string path, string vendor, string answer, string expected)
    {
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange(path, """{"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":9}""", answer) with { Provider = vendor });
        var turn = meaning.Turn!;

        Assert.Equal(expected, $"{turn.ResponseId} {turn.ModelServed} {turn.ReplyText} {turn.ReplyReasoning ?? "-"} {turn.StopReason ?? "-"} {meaning.Outcome}");
        Assert.Empty(turn.ToolCalls);
        if (!answer.Contains("\"id\":\"c1\"", StringComparison.Ordinal) || vendor == "groq")
        {
            Assert.Equal((4, 2), (turn.Usage!.InputTotal, turn.Usage.Output));
        }
    }

    [Theory]
    [InlineData("/models/chat/completions", "x.services.ai.azure.com", "azure-ai")]
    [InlineData("/openai/v1/chat/completions", "api.groq.com", "groq")]
    [InlineData("/beta/chat/completions", "api.deepseek.com", "deepseek")]
    [InlineData("/v1beta/openai/chat/completions", "generativelanguage.googleapis.com", "gemini")]
    [InlineData("/together/v1/chat/completions", "router.huggingface.co", "huggingface")]
    [InlineData("/chat/completions", "api.githubcopilot.com", "copilot")]
    [InlineData("/client/v4/accounts/a/ai/v1/chat/completions", "api.cloudflare.com", "cloudflare")]
    [InlineData("/serving-endpoints/chat/completions", "adb-1.azuredatabricks.net", "databricks")]
    [InlineData("/api/v2/cortex/v1/chat/completions", "a.snowflakecomputing.com", "snowflake")]
    [InlineData("/api/coding/paas/v4/chat/completions", "api.z.ai", "zai")]
    [InlineData("/v1/chat/completions", "bedrock-mantle.us-east-1.api.aws", "bedrock-mantle")]
    [InlineData("/v1/chat/completions", "ai-gateway.vercel.sh", "vercel-gateway")]
    public void The_same_API_is_known_under_every_vendors_path_and_host(string path, string host, string vendor)
    {
        var turn = Invented.Decode(Invented.Exchange(path, "{}", Whole("""{"role":"assistant","content":"hi"}""", "\"stop\"")) with { UpstreamHost = host });

        Assert.Equal(("chat_completions", vendor, "hi"), (turn.Endpoint, turn.Provider, turn.ReplyText));
    }

    [Theory]
    [InlineData("/v1/realtime", "realtime")]
    [InlineData("/openai/v1/realtime", "realtime")]
    [InlineData("/openai/realtime", "realtime")]
    [InlineData("/voice-live/realtime", "realtime")]
    [InlineData("/v1/responses/", "responses")]
    [InlineData("/backend-api/codex/responses", "responses")]
    [InlineData("/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained", "live")]
    [InlineData("/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent", "live")]
    [InlineData("/v1/audio/speech", null)]
    public void What_is_spoken_in_a_WebSocket_its_path_tells(string path, string? endpoint) => Assert.Equal(endpoint, Dialects.InSocket(path)?.Name);

    [Theory]
    [InlineData("apim-request-id")]
    [InlineData("mistral-correlation-id")]
    [InlineData("x-ds-trace-id")]
    [InlineData("x-debug-trace-id")]
    [InlineData("x-generation-id")]
    [InlineData("x-amzn-requestid")]
    public void A_vendors_own_id_of_the_call_is_its_headers(string header)
    {
        // That a client may ask again later is told with answers too, and is no error.
        var exchange = Invented.Exchange(Chat, "{}", Whole("""{"role":"assistant","content":"hi"}""", "\"stop\"")) with { ResponseHeaders = [new HeaderField(header, "id-1"), new HeaderField("retry-after", "9")] };

        Assert.Equal(("id-1", null), (Invented.Decode(exchange).UpstreamRequestId, Invented.Decode(exchange).Error));
    }

    [Fact]
    public void An_error_is_read_though_it_is_labelled_as_octets_and_a_refused_prompt_may_be_a_success()
    {
        var octets = new ExchangeInterpreter().Interpret(Invented.Exchange(Chat, "{}", """{"error":{"message":"no","type":"invalid_request_error"}}""") with { Status = 400, ResponseHeaders = [new HeaderField("content-type", "application/octet-stream")] });
        var filtered = new ExchangeInterpreter().Interpret(Invented.Exchange("/openai/deployments/d/chat/completions", "{}", """{"error":{"code":"content_filter","message":"filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"""));
        var aws = new ExchangeInterpreter().Interpret(Invented.Exchange("/model/m/converse", "{}", """{"message":"slow"}""") with { Status = 429, ResponseHeaders = [new HeaderField("x-amzn-errortype", "ThrottlingException:http://internal/")] });

        Assert.Equal((Outcome.UpstreamError, "invalid_request_error"), (octets.Outcome, octets.OutcomeReason));
        Assert.Equal((Outcome.UpstreamError, "content_filter"), (filtered.Outcome, filtered.OutcomeReason));
        Assert.Equal((Outcome.UpstreamError, "ThrottlingException", "slow"), (aws.Outcome, aws.OutcomeReason, aws.Turn!.Error!.Message));
    }

    private static string Chunk(string id, string model, string delta, string finish) =>
        $$"""{"id":"{{id}}","object":"chat.completion.chunk","model":"{{model}}","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""";

    private static string Whole(string message, string finish) =>
        $$"""{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{{message}},"finish_reason":{{finish}}}],{{Usage}}}""";
}
