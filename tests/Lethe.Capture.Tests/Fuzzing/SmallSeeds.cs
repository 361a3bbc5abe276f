using Lethe.Capture.Tests.Decoding;
using static Lethe.Capture.Tests.Fuzzing.Seed;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Calls beside the conversations: counts, vectors, rankings, batches, sound, pictures, pages.</summary>
internal static class SmallSeeds
{
    public static readonly Seed[] All =
    [
        Of("/v1/embeddings", """{"model":"e","input":"x"}""", """{"object":"list","data":[{"embedding":[0.5]}],"model":"e","usage":{"prompt_tokens":1,"total_tokens":1}}"""),
        Of("/v1/rerank", """{"model":"r","query":"q","documents":["a"]}""", """{"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":12},"meta":{"billed_units":{"search_units":1}}}"""),
        Of("/v1/audio/transcriptions", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nw\r\n--b--\r\n", "data: {\"type\":\"transcript.text.delta\",\"delta\":\"x\"}\n\ndata: {\"type\":\"transcript.text.done\",\"usage\":{\"type\":\"duration\",\"seconds\":6.5,\"input_token_details\":{\"audio_tokens\":1}}}\n\n"),
        Of("/v1/images/edits", """{"model":"i"}""", """{"data":[{"b64_json":"AA"}],"usage":{"input_tokens":5,"output_tokens":9,"input_tokens_details":{"image_tokens":4}}}"""),
        Of("/v1/ocr", """{"model":"o"}""", """{"pages":[],"usage_info":{"pages_processed":3}}"""),
        Of("/v1/files/f/content", "", "{\"custom_id\":\"a\",\"response\":{\"body\":{\"object\":\"response\",\"model\":\"m\",\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}}}\n{\"custom_id\":\"b\",\"result\":{\"message\":{\"model\":\"n\",\"usage\":{\"input_tokens\":5}}}}\n") with { Method = "GET" },
        Of("/v1/messages/count_tokens", """{"model":"c","messages":[{"role":"user","content":"q"}]}""", """{"input_tokens":14}"""),
        Of("/model/c/count-tokens", """{"input":{"converse":{"messages":[]}}}""", """{"inputTokens":14}"""),
        Of("/v1/responses/input_tokens", """{"model":"g","input":"q"}""", """{"object":"response.input_tokens","input_tokens":14}"""),
        Of("/v1beta/models/g:countTokens", """{"generateContentRequest":{"model":"models/g","contents":[{"parts":[{"text":"q"}]}]}}""", """{"totalTokens":8,"cachedContentTokenCount":3,"promptTokensDetails":[{"modality":"TEXT","tokenCount":8}]}"""),
        Of("/v1internal:countTokens", """{"request":{"model":"models/g","contents":[]}}""", """{"totalTokens":8}"""),
        Of("/v1beta/models/e:embedContent", """{"content":{"parts":[{"text":"x"}]}}""", """{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":8,"promptTokenDetails":[{"modality":"TEXT","tokenCount":8}]}}"""),
        Of("/v1beta/models/e:batchEmbedContents", """{"requests":[{"model":"models/e","content":{}}]}""", """{"embeddings":[{"values":[0.5]}]}"""),
        Of("/v1/projects/p/locations/l/publishers/google/models/e:predict", """{"instances":[{"content":"x"},{"content":"y"}]}""", """{"predictions":[{"embeddings":{"statistics":{"token_count":4},"values":[0.5]}}],"metadata":{"billableCharacterCount":9}}"""),
        Of("/v2/embed", """{"model":"e","texts":["x"]}""", """{"id":"i","embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"input_tokens":12,"images":1}}}"""),
        Of("/v2/rerank", """{"model":"r","query":"q","documents":["a"]}""", """{"id":"i","results":[{"index":0,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}"""),
        Of("/api/embed", """{"model":"e","input":"x"}""", """{"model":"e","embeddings":[[0.5]],"prompt_eval_count":5}"""),
        Of("/model/amazon.titan-embed-text-v2%3A0/invoke", """{"inputText":"q"}""", """{"embedding":[0.5],"inputTextTokenCount":3}"""),
        Of("/v1/audio/speech", """{"model":"s","input":"q","voice":"v"}""", "ID3\u0003\0\0"),
        Of("/v1/audio/speech", """{"model":"s","input":"q","stream_format":"sse"}""", Invented.DataEvents("""{"type":"speech.audio.delta","audio":"AA"}""", """{"type":"speech.audio.done","usage":{"input_tokens":5,"output_tokens":9,"total_tokens":14}}""")),
        Of("/v1/moderations", """{"input":"q"}""", """{"id":"i","model":"m","results":[{"flagged":false}]}"""),
        Of("/v1/messages/batches/b/results", "", "{\"custom_id\":\"a\",\"result\":{\"type\":\"succeeded\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":5,\"output_tokens\":9,\"service_tier\":\"batch\"}}}}\n{\"custom_id\":\"b\",\"result\":{\"type\":\"errored\",\"error\":{}}}\n") with { Method = "GET" },
    ];
}
