using Lethe.Capture.Decoding;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

public sealed class EndpointTests
{
    [Theory]
    [InlineData("/v1/messages", "messages", Operation.Chat)]
    [InlineData("/gateway/anthropic/v1/messages/", "messages", Operation.Chat)]
    [InlineData("/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:streamRawPredict", "messages", Operation.Chat)]
    [InlineData("/organization/acme/v1/messages", "messages", Operation.Chat)]
    [InlineData("/batches/v1/messages", "messages", Operation.Chat)]
    [InlineData("/threads/v1/messages", "messages", Operation.Chat)]
    [InlineData("/v1/messages/batches/b/cancel", "batches", Operation.Other)]
    [InlineData("/v1/messages/count_tokens", "count_tokens", Operation.CountTokens)]
    [InlineData("/v1/messages/batches", "batches", Operation.Other)]
    [InlineData("/v1/threads/t/messages", "threads", Operation.Other)]
    [InlineData("/openai/deployments/d/chat/completions", "chat_completions", Operation.Chat)]
    [InlineData("/api/coding/paas/v4/chat/completions", "chat_completions", Operation.Chat)]
    [InlineData("/v1/completions", "completions", Operation.Completion)]
    [InlineData("/v1/fim/completions", "fim_completions", Operation.Completion)]
    [InlineData("/v1/embeddings", "embeddings", Operation.Embeddings)]
    [InlineData("/backend-api/codex/responses", "responses", Operation.Chat)]
    [InlineData("/v1/responses/compact", "responses_compact", Operation.Chat)]
    [InlineData("/v1/responses/input_tokens", "responses_input_tokens", Operation.CountTokens)]
    [InlineData("/v1/responses/resp_1/cancel", "responses_cancel", Operation.Other)]
    [InlineData("/v1/complete", "complete", Operation.Completion)]
    [InlineData("/v1/audio/speech", "audio_speech", Operation.Other)]
    [InlineData("/openai/deployments/d/audio/transcriptions", "audio_transcriptions", Operation.Other)]
    [InlineData("/openai/deployments/d/images/generations", "images", Operation.Other)]
    [InlineData("/openai/deployments/d/embeddings", "embeddings", Operation.Embeddings)]
    [InlineData("/v1/ocr", "ocr", Operation.Other)]
    [InlineData("/v1/rerank", "rerank", Operation.Rerank)]
    [InlineData("/v1/files", "files", Operation.Other)]
    [InlineData("/model/us.anthropic.claude-sonnet-5/converse-stream", "converse", Operation.Chat)]
    [InlineData("/gateway/model/amazon.nova-micro-v1%3A0/invoke", "invoke", Operation.Chat)]
    [InlineData("/model/anthropic.claude-v2/count-tokens", "count_tokens", Operation.CountTokens)]
    [InlineData("/v2/chat", "cohere_chat", Operation.Chat)]
    [InlineData("/compatibility/v1/chat/completions", "chat_completions", Operation.Chat)]
    [InlineData("/v2/rerank", "rerank", Operation.Rerank)]
    [InlineData("/v1beta/interactions", "interactions", Operation.Chat)]
    [InlineData("/v1beta/interactions/v1_x/cancel", "interactions_cancel", Operation.Other)]
    [InlineData("/v1beta/models/gemini-3-pro:batchGenerateContent", "batches", Operation.Other)]
    [InlineData("/api/chat", "ollama_chat", Operation.Chat)]
    [InlineData("/api/embed", "ollama_embeddings", Operation.Embeddings)]
    public void The_end_of_the_path_names_the_call(string path, string endpoint, Operation operation)
    {
        var turn = Invented.Decode(Invented.Exchange(path, "{}", "{}"));

        Assert.Equal((endpoint, operation), (turn.Endpoint, turn.Operation));
    }

    [Theory]
    [InlineData("GET", "/v1/models", "models")]
    [InlineData("GET", "/v1/models/claude-opus-5-5", "models")]
    [InlineData("HEAD", "/", "health")]
    [InlineData("GET", "/api/hello", "health")]
    [InlineData("GET", "/v1/organization/usage/completions", "organization")]
    [InlineData("GET", "/v1/messages/batches/b", "batches")]
    [InlineData("GET", "/v1/messages/batches/b/results", "batch_results")]
    [InlineData("GET", "/v1/files/f/content", "file_content")]
    [InlineData("GET", "/v1/files/f", "files")]
    [InlineData("GET", "/v1beta/interactions/v1_x", "interactions_get")]
    [InlineData("DELETE", "/v1beta/interactions/v1_x", "interactions_stored")]
    [InlineData("GET", "/v1beta/cachedContents/c", "cached_contents")]
    public void Calls_that_are_no_turns_are_named_and_have_no_reply(string method, string path, string endpoint)
    {
        var turn = Invented.Decode(Invented.Exchange(path, "", "{\"data\":[]}") with { Method = method });

        Assert.Equal((endpoint, Operation.Other), (turn.Endpoint, turn.Operation));
        Assert.Empty(turn.Reply);
    }

    [Theory]
    [InlineData("/somewhere", "{\"hello\":1}", "unknown_endpoint")]
    [InlineData("/somewhere", "not json", "unknown_endpoint")]
    public void What_is_not_understood_is_a_reason(string path, string request, string reason)
    {
        using var decoded = TurnDecoder.Decode(Invented.Exchange(path, request, "{}"));

        Assert.Null(decoded.Turn);
        Assert.Equal(reason, decoded.NotDecodedReason);
    }

    [Theory]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "messages")]
    [InlineData("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "chat_completions")]
    [InlineData("{\"model\":\"m\",\"store\":false,\"input\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "responses")]
    public void A_path_that_says_nothing_leaves_it_to_the_body(string request, string endpoint) =>
        Assert.Equal(endpoint, Invented.Decode(Invented.Exchange("/proxy", request, "{}")).Endpoint);

    [Theory]
    [InlineData("", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n", "messages")]
    [InlineData("", "event: ping\ndata: ping\n\ndata: {\"type\":\"content_block_delta\"}\n\n", "messages")]
    [InlineData("", "{\"type\":\"message\",\"content\":[]}", "messages")]
    [InlineData("anthropic-version", "", "messages")]
    [InlineData("", "data: {\"object\":\"chat.completion.chunk\"}\n\n", "chat_completions")]
    [InlineData("", "{\"object\":\"chat.completion\"}", "chat_completions")]
    [InlineData("", "event: response.created\ndata: {\"type\":\"response.created\"}\n\n", "responses")]
    [InlineData("", "{\"object\":\"response\",\"output\":[]}", "responses")]
    [InlineData("", "data: {\"object\":\"text_completion\"}\n\n", "completions")]
    public void A_path_that_says_nothing_leaves_it_to_headers_and_answer_too(string header, string answer, string endpoint)
    {
        var exchange = Invented.Exchange("/b/x", """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", answer);

        Assert.Equal(endpoint, Invented.Decode(exchange with { RequestHeaders = [new(header, "2023-06-01")] }).Endpoint);
    }

    [Theory]
    [InlineData("mistralai/models/mistral-large-2411:rawPredict", """{"model":"mistral-large-2411","messages":[{"role":"user","content":"q"}]}""", """{"id":"i","object":"chat.completion","choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""", "chat_completions", "mistral-large-2411", "x", false)]
    [InlineData("ai21/models/jamba-1.5-large@001:streamRawPredict", """{"messages":[{"role":"user","content":"q"}],"stream":true}""", "data: {\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n", "chat_completions", "jamba-1.5-large@001", "x", true)]
    [InlineData("meta/models/llama-3.3-70b-instruct-maas:streamRawPredict?alt=sse", """{"messages":[{"role":"user","content":"q"}]}""", "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\n", "chat_completions", "llama-3.3-70b-instruct-maas", "x", true)]
    [InlineData("mistralai/models/codestral-2501:rawPredict", """{"model":"codestral-2501","prompt":"def f(","suffix":"return"}""", """{"id":"i","choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""", "completions", "codestral-2501", "x", false)]
    [InlineData("mistralai/models/mistral-ocr-2505:rawPredict", """{"model":"mistral-ocr-2505","document":{"type":"document_url"}}""", """{"pages":[{"index":0,"markdown":"m"}],"model":"mistral-ocr-2505","usage_info":{"pages_processed":1}}""", "ocr", "mistral-ocr-2505", null, false)]
    [InlineData("anthropic/models/claude-opus-4-8:streamRawPredict", """{"anthropic_version":"vertex-2023-10-16","messages":[{"role":"user","content":"q"}]}""", """{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":1}}""", "messages", "claude-opus-4-8", "x", true)]
    public void A_raw_prediction_is_read_in_the_language_of_its_model(string model, string request, string answer, string endpoint, string requested, string? text, bool streams)
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/projects/p/locations/l/publishers/" + model, request, answer) with { UpstreamHost = "europe-west4-aiplatform.googleapis.com" });

        Assert.Equal((endpoint, "vertex", requested, text, streams), (turn.Endpoint, turn.Provider, turn.ModelRequested, turn.ReplyText, turn.Stream));
        Assert.Equal(text is null ? (null, null) : (5L, 1L), (turn.Usage?.InputTotal, turn.Usage?.Output));
    }

    [Fact]
    public void A_raw_prediction_that_was_refused_is_known_by_its_request_and_one_that_says_nothing_is_not_known()
    {
        const string Path = "/v1/projects/p/locations/l/publishers/ai21/models/jamba:rawPredict";
        var refused = Invented.Decode(Invented.Exchange(Path, """{"messages":[{"role":"user","content":"q"}]}""", """{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}""") with { Status = 429 });
        using var unknown = TurnDecoder.Decode(Invented.Exchange(Path, """{"a":1}""", """{"b":2}"""));

        Assert.Equal(("chat_completions", "vertex", "jamba", "RESOURCE_EXHAUSTED"), (refused.Endpoint, refused.Provider, refused.ModelRequested, refused.Error!.Type));
        Assert.Equal((null, "unknown_endpoint"), (unknown.Turn, unknown.NotDecodedReason));
    }

    [Fact]
    public void A_word_of_the_path_counts_as_a_whole_word_wherever_it_stands()
    {
        var turn = Invented.Decode(Invented.Exchange("/filesystem/v1/files", "{}", "{}"));

        Assert.Equal("files", turn.Endpoint);
    }

    [Theory]
    [InlineData("groq", "api.openai.com", "groq")]
    [InlineData(null, "api.x.ai:443", "xai")]
    [InlineData(null, "my.openai.azure.com", "azure-openai")]
    [InlineData(null, "us-east5-aiplatform.googleapis.com", "vertex")]
    [InlineData(null, "notopenrouter.ai", "openai")]
    [InlineData(null, "127.0.0.1:11434", "ollama")]
    [InlineData(null, null, "openai")]
    public void The_vendor_is_the_routes_word_then_the_hosts(string? provider, string? host, string vendor) =>
        Assert.Equal(vendor, Invented.Decode(Invented.Exchange("/v1/chat/completions", "{}", "{}") with { Provider = provider, UpstreamHost = host }).Provider);

    [Fact]
    public void The_path_names_the_model_where_the_body_does_not()
    {
        var vertex = Invented.Exchange("/v1/projects/p/locations/l/publishers/anthropic/models/claude-3-7-sonnet@20250219:rawPredict", "{\"messages\":[]}", "{}");
        var azure = Invented.Exchange("/openai/deployments/my%20gpt/chat/completions", "{\"messages\":[]}", "{}");

        Assert.Equal("claude-3-7-sonnet@20250219", Invented.Decode(vertex).ModelRequested);
        Assert.Equal("my gpt", Invented.Decode(azure).ModelRequested);
    }

    [Fact]
    public void Embeddings_have_usage_and_token_counts_have_none()
    {
        var embeddings = Invented.Decode(Invented.Exchange("/v1/embeddings", "{\"model\":\"e\",\"input\":\"hi\"}", "{\"model\":\"e-2\",\"data\":[],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}"));
        var count = Invented.Decode(Invented.Exchange("/v1/messages/count_tokens", "{\"model\":\"c\",\"messages\":[]}", "{\"input_tokens\":9}"));

        Assert.Equal((3, "e-2"), (embeddings.Usage!.InputTotal, embeddings.ModelServed));
        Assert.Null(count.Usage);
    }
}
