using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The APIs beside the conversations: legacy completions, vectors, rankings, counts, batches, sound, pictures, pages.</summary>
public sealed class SmallApisTests
{
    [Fact]
    public void A_text_completion_of_Anthropic_is_a_turn_without_counts()
    {
        var turn = Decode("/v1/complete", """{"model":"claude-2.1","prompt":"\n\nHuman: hi\n\nAssistant:","max_tokens_to_sample":9}""",
            """{"type":"completion","id":"compl_1","completion":" Hello!","stop_reason":"stop_sequence","model":"claude-2.1","stop":"\n\nHuman:","log_id":"compl_1"}""");

        Assert.Equal(("anthropic", "compl_1", "claude-2.1", "stop_sequence", " Hello!", true), (turn.Provider, turn.ResponseId, turn.ModelServed, turn.StopReason, turn.ReplyText, turn.ReplyComplete));
        Assert.Equal("\n\nHuman: hi\n\nAssistant:", Assert.Single(turn.Prompt).Blocks[0].Text);
        Assert.Null(turn.Usage);
    }

    [Theory]
    [InlineData(" a", " b", "")]
    [InlineData(" a", " a b", " a b")]
    public void A_streamed_text_completion_tells_pieces_or_all_the_text_so_far(string first, string second, string third)
    {
        var turn = Decode("/v1/complete", "{}", Invented.TypedEvents(
            ("completion", $"\"id\":\"compl_1\",\"completion\":\"{first}\",\"stop_reason\":null,\"model\":\"claude-2.1\""),
            ("ping", ""),
            ("completion", $"\"id\":\"compl_1\",\"completion\":\"{second}\",\"stop_reason\":null,\"model\":\"claude-2.1\""),
            ("completion", $"\"id\":\"compl_1\",\"completion\":\"{third}\",\"stop_reason\":\"stop_sequence\",\"model\":\"claude-2.1\"")));

        Assert.Equal((" a b", "stop_sequence", true), (turn.ReplyText, turn.StopReason, turn.ReplyComplete));
    }

    [Fact]
    public void A_text_completion_that_fails_says_so_wherever_it_fails()
    {
        const string Failure = """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""";
        var begun = """{"type":"completion","id":"compl_1","completion":" a","stop_reason":null,"model":"claude-2.1"}""";

        foreach (var answer in new[] { Failure, $"event: completion\ndata: {begun}\n\nevent: error\ndata: {Failure}\n\n" })
        {
            var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/complete", "{}", answer));

            Assert.Equal((Outcome.UpstreamError, "overloaded_error"), (meaning.Outcome, meaning.OutcomeReason));
        }
    }

    [Fact]
    public void A_path_that_says_nothing_leaves_a_text_completion_to_request_and_answer() =>
        Assert.Equal("complete", Decode("/proxy", """{"model":"claude-2.1","prompt":"hi","max_tokens_to_sample":9}""", """{"type":"completion","completion":"x"}""").Endpoint);

    [Theory]
    [InlineData("/v1/embeddings", """{"object":"list","data":[],"model":"m","usage":{"total_tokens":12}}""", Operation.Embeddings)]
    [InlineData("/v1/embeddings", """{"id":"i","object":"list","data":[],"model":"m","usage":{"prompt_tokens":12,"total_tokens":12,"completion_tokens":0,"prompt_tokens_details":null}}""", Operation.Embeddings)]
    [InlineData("/openai/deployments/d/embeddings", """{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":12,"total_tokens":12}}""", Operation.Embeddings)]
    [InlineData("/v1/multimodalembeddings", """{"unheard":"of"}""", null)]
    [InlineData("/v1/rerank", """{"object":"list","data":[{"relevance_score":0.5,"index":0}],"model":"m","usage":{"total_tokens":12}}""", Operation.Rerank)]
    [InlineData("/v1/rerank", """{"model":"m","results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":12,"prompt_tokens":12}}""", Operation.Rerank)]
    [InlineData("/v2/embed", """{"model":"m","id":"i","embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"input_tokens":12}}}""", Operation.Embeddings)]
    public void Vectors_and_rankings_tell_what_went_in(string path, string answer, Operation? operation)
    {
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange(path, """{"model":"m","input":"x"}""", answer));

        Assert.Equal(operation, meaning.Turn?.Operation);
        Assert.Equal(operation is null ? Outcome.NotDecoded : Outcome.Completed, meaning.Outcome);
        Assert.Equal(operation is null ? null : 12, meaning.Turn?.Usage?.InputTotal);
        Assert.Null(meaning.Chain);
        Assert.False(meaning.IsTurn);
    }

    [Theory]
    [InlineData("/v1beta/models/gemini-embedding-2:embedContent", """{"content":{"parts":[{"text":"x"}]}}""", """{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":8,"promptTokenDetails":[{"modality":"TEXT","tokenCount":8}]}}""", "gemini", "embeddings", Operation.Embeddings, "gemini-embedding-2", 8L)]
    [InlineData("/v1beta/models/gemini-embedding-001:batchEmbedContents", """{"requests":[{"model":"models/gemini-embedding-001"}]}""", """{"embeddings":[{"values":[0.5]}]}""", "gemini", "embeddings", Operation.Embeddings, "gemini-embedding-001", null)]
    [InlineData("/v1internal:countTokens", """{"request":{"model":"models/gemini-3-pro","contents":[]}}""", """{"totalTokens":8}""", "gemini", "count_tokens", Operation.CountTokens, "gemini-3-pro", null)]
    [InlineData("/v1beta/models/gemini-3-pro:countTokens", """{"contents":[]}""", """{"totalTokens":8,"cachedContentTokenCount":3}""", "gemini", "count_tokens", Operation.CountTokens, "gemini-3-pro", null)]
    [InlineData("/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict", """{"instances":[{"content":"x"},{"content":"y"}]}""", """{"predictions":[{"embeddings":{"statistics":{"token_count":4},"values":[0.5]}},{"embeddings":{"statistics":{"token_count":3},"values":[0.5]}}],"metadata":{"billableCharacterCount":9}}""", "vertex", "embeddings", Operation.Embeddings, "text-embedding-005", 7L)]
    [InlineData("/v1/projects/p/locations/l/publishers/google/models/multimodalembedding@001:predict", """{"instances":[{"image":{"gcsUri":"gs://a"}}]}""", """{"predictions":[{"imageEmbedding":[0.5]}]}""", "vertex", "embeddings", Operation.Embeddings, "multimodalembedding@001", null)]
    [InlineData("/v1/projects/p/locations/l/publishers/google/models/imagen-4:predict", """{"instances":[{"prompt":"a cat"}]}""", """{"predictions":[{"bytesBase64Encoded":"AA"}]}""", "vertex", "predict", Operation.Other, "imagen-4", null)]
    public void Gemini_and_Vertex_count_and_measure_in_words_of_their_own(string path, string request, string answer, string vendor, string endpoint, Operation operation, string model, long? tokens)
    {
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange(path, request, answer));

        Assert.Equal((vendor, endpoint, operation, model), (meaning.Turn!.Provider, meaning.Turn.Endpoint, meaning.Turn.Operation, meaning.Turn.ModelRequested));
        Assert.Equal((Outcome.Completed, tokens, false), (meaning.Outcome, meaning.Turn.Usage?.InputTotal, meaning.IsTurn));
    }

    [Fact]
    public void A_ranking_that_is_billed_by_the_search_tells_no_tokens()
    {
        var turn = Decode("/v2/rerank", """{"model":"rerank-v3.5","query":"q","documents":["a"]}""", """{"id":"i","results":[{"index":0,"relevance_score":0.5}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}""");

        Assert.Equal(("cohere", "i", true), (turn.Provider, turn.ResponseId, turn.ReplyComplete));
        Assert.Null(turn.Usage);
    }

    [Fact]
    public void A_batchs_results_add_up_at_the_batchs_price()
    {
        static string Line(string id, string model, int output) =>
            $$$"""{"custom_id":"{{{id}}}","result":{"message":{"usage":{"output_tokens":{{{output}}},"input_tokens":100,"service_tier":"batch"},"model":"{{{model}}}","type":"message","content":[]},"type":"succeeded"}}""" + "\n";

        const string Errored = """{"custom_id":"e","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}}""" + "\n";
        var one = Results("/v1/messages/batches/b/results", Line("a", "claude-haiku-4-5", 10) + Errored + Line("b", "claude-haiku-4-5", 20));
        var single = Results("/v1/messages/batches/b/results", Line("a", "claude-haiku-4-5", 10));
        var two = Results("/v1/messages/batches/b/results", Line("a", "claude-haiku-4-5", 10) + Line("b", "claude-opus-4-5", 20));

        Assert.Equal((200, 30, "batch", "claude-haiku-4-5"), (one.Turn!.Usage!.InputTotal, one.Turn.Usage.Output, one.Turn.Usage.ServiceTier, one.Turn.ModelServed));
        Assert.Equal(((200 * 1_000) + (30 * 5_000)) / 2, one.Cost!.Value.NanoUsd);
        Assert.Equal((100, 10), (single.Turn!.Usage!.InputTotal, single.Turn.Usage.Output));
        Assert.Equal(((100 * 1_000) + (10 * 5_000) + (100 * 5_000) + (20 * 25_000)) / 2, two.Cost!.Value.NanoUsd);
        Assert.All(new[] { one, single, two }, meaning => Assert.Equal((Outcome.Completed, false, true), (meaning.Outcome, meaning.IsTurn, meaning.Chain is null)));
    }

    [Fact]
    public void A_batchs_result_is_known_by_the_batch_the_clients_id_and_the_answers()
    {
        static string Line(string id, string answer) =>
            $$$"""{"custom_id":"{{{id}}}","result":{"message":{"id":"{{{answer}}}","usage":{"output_tokens":1,"input_tokens":100},"model":"claude-haiku-4-5","type":"message","content":[]},"type":"succeeded"}}""" + "\n";

        var first = Results("/v1/messages/batches/b/results", Line("a", "msg_1") + Line("b", "msg_2") + Line("a", "msg_1")).Turn!;
        var again = Results("/gateway/v1/messages/batches/b/results?limit=9", Line("b", "msg_2") + Line("a", "msg_9")).Turn!;
        var other = Results("/v1/messages/batches/c/results", Line("a", "msg_1")).Turn!;
        var file = Results("/v1/files/file-1/content", """{"id":"r1","custom_id":"a","response":{"body":{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5","usage":{"prompt_tokens":7,"completion_tokens":3}}}}""" + "\n").Turn!;

        Assert.Equal((200, 2, 2), (first.Usage!.InputTotal, first.Usage.Output, first.Results.Count));
        Assert.Equal(first.Results[1].Key, again.Results[0].Key);
        Assert.Equal(5, first.Results.Concat(again.Results).Concat(other.Results).Concat(file.Results).Select(result => result.Key).Distinct().Count());
        Assert.Equal(["b", "b", "c", "file-1"], new[] { first, again, other, file }.Select(turn => turn.Results[0].Batch));
        Assert.All(first.Results, result => Assert.Equal(((100 * 1_000) + (1 * 5_000)) / 2, result.Cost!.Value.NanoUsd));
    }

    [Fact]
    public void A_batchs_results_may_be_a_files_content_which_may_be_anything_else()
    {
        var chat = Results("/v1/files/file-1/content", """{"id":"r1","custom_id":"a","response":{"status_code":200,"body":{"object":"chat.completion","model":"gpt-5","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}},"error":null}""" + "\n");
        var responses = Results("/v1/files/file-1/content", """{"custom_id":"a","response":{"body":{"object":"response","model":"gpt-5","output":[],"usage":{"input_tokens":7,"output_tokens":3}}}}""" + "\n" + """{"custom_id":"b","response":{"body":{"error":{"message":"no"}}}}""");
        var picture = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/files/file-1/content", [], [0x89, 0x50, 0x4e, 0x47, 0x00, 0xff]) with { Method = "GET" });
        var nothing = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/files/file-1/content", [], "{broken"u8.ToArray()) with { Method = "GET" });

        Assert.All(new[] { chat, responses }, meaning => Assert.Equal((7, 3, "batch", "gpt-5"), (meaning.Turn!.Usage!.InputTotal, meaning.Turn.Usage.Output, meaning.Turn.Usage.ServiceTier, meaning.Turn.ModelServed)));
        Assert.All(new[] { picture, nothing }, meaning => Assert.Equal((Outcome.Completed, "file_content", null), (meaning.Outcome, meaning.Turn!.Endpoint, meaning.Turn.Usage)));
    }

    [Fact]
    public void Of_speech_the_model_is_told_and_how_it_ended()
    {
        byte[] sound = [.. "ID3"u8, 4, 0, 0xff, 0xfb, 0x90];
        var spoken = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/audio/speech", """{"model":"tts-1","input":"hi","voice":"alloy"}"""u8.ToArray(), sound));
        var cut = new ExchangeInterpreter().Interpret(spoken.Exchange with { Ending = Ending.UpstreamAborted });
        var refused = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/audio/speech", "{}", """{"error":{"message":"no","type":"invalid_request_error"}}""") with { Status = 400 });

        Assert.Equal((Outcome.Completed, null, "tts-1", true), (spoken.Outcome, spoken.OutcomeReason, spoken.Turn!.ModelRequested, spoken.Turn.ReplyComplete));
        Assert.Equal(Outcome.UpstreamAborted, cut.Outcome);
        Assert.Equal((Outcome.UpstreamError, "invalid_request_error"), (refused.Outcome, refused.OutcomeReason));
        Assert.Null(spoken.Chain);
    }

    [Theory]
    [InlineData("whisper-1", """{"text":"x","usage":{"type":"duration","seconds":60}}""", null, 6_000_000L)]
    [InlineData("gpt-4o-transcribe", """{"text":"x","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":3,"total_tokens":17}}""", 14L, (4 * 2_500L) + (10 * 6_000) + (3 * 10_000))]
    [InlineData("gpt-4o-transcribe", "data: {\"type\":\"transcript.text.delta\",\"delta\":\"x\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"x\",\"usage\":{\"input_tokens\":14,\"input_token_details\":{\"audio_tokens\":10},\"output_tokens\":3,\"total_tokens\":17}}\n\n", 14L, (4 * 2_500L) + (10 * 6_000) + (3 * 10_000))]
    public void A_transcription_of_a_form_has_its_model_its_usage_and_its_price(string model, string answer, long? input, long nano)
    {
        var form = Encoding.UTF8.GetBytes($"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\nID3\u0004\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--b--\r\n");

        var meaning = new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange("/v1/audio/transcriptions", form, Encoding.UTF8.GetBytes(answer)));

        Assert.Equal((Outcome.Completed, null, model, input, nano), (meaning.Outcome, meaning.OutcomeReason, meaning.Turn!.ModelRequested, meaning.Turn.Usage!.InputTotal, meaning.Cost?.NanoUsd));
    }

    [Fact]
    public void A_forms_field_is_found_only_where_it_is_one()
    {
        static string? Model(string form) => Decode("/v1/audio/translations", form, "{\"text\":\"x\"}").ModelRequested;

        Assert.Equal("m", Model("--b\r\nContent-Disposition: form-data; name=\"model\"\r\nContent-Type: text/plain\r\n\r\nm\r\n--b--"));
        Assert.Null(Model("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"));
        Assert.Null(Model("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + new string('m', 1000) + "\r\n--b--"));
        Assert.Null(Model("name=\"models\"\r\n\r\nm\r\n"));
    }

    [Fact]
    public void Pictures_pay_for_what_goes_in_and_what_comes_out()
    {
        var meaning = new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange(
            "/v1/images/edits", """{"model":"gpt-image-1.5","prompt":"a"}""",
            """{"created":1,"data":[{"b64_json":"AA"}],"usage":{"total_tokens":160,"input_tokens":60,"output_tokens":100,"input_tokens_details":{"text_tokens":10,"image_tokens":50}}}"""));

        Assert.Equal((60, 100, 50, 100), (meaning.Turn!.Usage!.InputTotal, meaning.Turn.Usage.Output, meaning.Turn.Usage.ImageInput, meaning.Turn.Usage.ImageOutput));
        Assert.Equal((10 * 5_000) + (50 * 8_000) + (100 * 32_000), meaning.Cost!.Value.NanoUsd);
    }

    [Theory]
    [InlineData("""{"pages":[],"model":"mistral-ocr-2505","usage_info":{"pages_processed":3,"doc_size_bytes":9}}""", 3_000_000L)]
    [InlineData("""{"pages":[],"model":"mistral-ocr-2505","usage_info":{"pages_processed":3,"pages_processed_annotation":3}}""", null)]
    public void Pages_have_a_price_and_pages_with_notes_another(string answer, long? nano)
    {
        var meaning = new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange("/v1/ocr", """{"model":"mistral-ocr-2505"}""", answer) with { Provider = "mistral" });

        Assert.Equal((Outcome.Completed, nano), (meaning.Outcome, meaning.Cost?.NanoUsd));
    }

    [Fact]
    public void What_a_gateway_says_that_sound_cost_stands_beside_ours() =>
        Assert.Equal(600_000, Decode("/api/v1/audio/transcriptions", "{\"model\":\"m\"}", """{"text":"x","usage":{"cost":0.0006,"seconds":6}}""").ReportedCostNanoUsd);

    [Fact]
    public void A_cancelled_response_is_settled_and_told_as_far_as_it_came()
    {
        var turn = Decode("/v1/responses/resp_1/cancel", "", """{"id":"resp_1","object":"response","model":"gpt-5","status":"cancelled","background":true,"output":[],"usage":null}""");

        Assert.Equal(("resp_1", "cancelled", true, true), (turn.ResponseId, turn.StopReason, turn.AsksForResponse, turn.IsSettled));
    }

    private static InterpretedExchange Results(string path, string answer) =>
        new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange(path, "", answer) with { Method = "GET", Provider = path.Contains("batches", StringComparison.Ordinal) ? "anthropic" : "openai" });

    private static Turn Decode(string path, string request, string answer) => Invented.Decode(Invented.Exchange(path, request, answer));
}
