using System.Text;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Small calls of every dialect in every framing, that mutations begin with.</summary>
internal static class Seeds
{
    public static readonly (string Path, byte[] Request, byte[] Response)[] All =
    [
        Of("/v1/messages",
            """{"model":"c","system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"o"}],"is_error":true}]}]}""",
            Invented.TypedEvents(
                ("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"cache_creation\":{\"ephemeral_1h_input_tokens\":3},\"output_tokens\":1}}"),
                ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}"),
                ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a na\\ud83d\\ude00ve\"}"),
                ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
                ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"k\\\":[1,2]}\"}"),
                ("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":9,\"iterations\":[{\"type\":\"message\",\"input_tokens\":1}]}"),
                ("message_stop", ""))),
        Of("/v1/messages", "{}", """{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"x"},{"type":"redacted_thinking","data":"d"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"""),
        Of("/v1/chat/completions",
            """{"model":"g","stream":true,"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]},{"role":"tool","tool_call_id":"t","content":"o"}],"tools":[{"type":"function","function":{"name":"n"}}]}""",
            Invented.DataEvents(
                """{"id":"i","model":"g","choices":[{"index":0,"delta":{"role":"assistant","content":"a ","reasoning_content":"r"}}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""",
                """{"id":"i","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{\"k\":[1,2]}"}}]}}]}""",
                """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":2}}}""",
                "[DONE]")),
        Of("/v1/completions", """{"model":"g","prompt":["a","b"]}""", """{"id":"i","object":"text_completion","choices":[{"text":"x","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"""),
        Of("/v1/responses",
            """{"model":"g","input":[{"role":"user","content":[{"type":"input_text","text":"q"}]},{"type":"function_call_output","call_id":"t","output":"o"}],"instructions":"s"}""",
            Invented.TypedEvents(
                ("response.created", "\"response\":{\"id\":\"r\",\"model\":\"g\",\"status\":\"in_progress\",\"output\":[]}"),
                ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"a \""),
                ("response.output_item.done", "\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"t\",\"name\":\"n\",\"arguments\":\"{\\\"k\\\":[1,2]}\"}"),
                ("response.completed", "\"response\":{\"id\":\"r\",\"model\":\"g\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}"))),
        Of("/v1/embeddings", """{"model":"e","input":"x"}""", """{"object":"list","data":[{"embedding":[0.5]}],"model":"e","usage":{"prompt_tokens":1,"total_tokens":1}}"""),
        Of("/model/us.amazon.nova-lite-v1%3A0/converse",
            """{"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"q"},{"cachePoint":{"type":"default"}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"u","content":[{"json":{"a":1}}],"status":"error"}}]}]}""",
            """{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"r","signature":"s"}}},{"text":"x"},{"toolUse":{"toolUseId":"u","name":"n","input":{}}}]}},"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":2,"cacheDetails":[{"ttl":"1h","inputTokens":1}]}}"""),
        ("/model/us.amazon.nova-lite-v1%3A0/converse-stream", "{}"u8.ToArray(), EventStreams.Of(
            EventStreams.Event("messageStart", """{"role":"assistant"}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"a \ud83d"}}"""),
            EventStreams.Event("contentBlockStart", """{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"u","name":"n"}}}"""),
            EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"k\":1}"}}}"""),
            EventStreams.Event("messageStop", """{"stopReason":"tool_use"}"""),
            EventStreams.Event("metadata", """{"usage":{"inputTokens":5,"outputTokens":9}}"""),
            EventStreams.Exception("throttlingException", """{"message":"m"}"""),
            EventStreams.Error("c", "w"))),
        ("/model/anthropic.claude-v2/invoke-with-response-stream", """{"anthropic_version":"b","messages":[{"role":"user","content":"hi"}]}"""u8.ToArray(), EventStreams.Of(
            EventStreams.Chunk("""{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":7,"output_tokens":1}}}"""),
            EventStreams.Chunk("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"""),
            EventStreams.Chunk("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"""),
            EventStreams.Chunk("""{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":7}}"""))),
        Of("/model/amazon.titan-text-lite-v1/invoke", """{"inputText":"q"}""", """{"inputTextTokenCount":9,"results":[{"tokenCount":3,"outputText":"x","completionReason":"FINISH"}]}"""),
        Of("/v2/chat", """{"model":"c","messages":[{"role":"user","content":"q"}]}""", Invented.DataEvents(
            """{"type":"message-start","id":"c1"}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":"h"}}}}""",
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"n","arguments":"{"}}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}""")),
        Of("/v1/chat", """{"message":"q","chat_history":[{"role":"CHATBOT","message":"a","tool_calls":[{"name":"n","parameters":{}}]}],"tool_results":[{"call":{"name":"n"},"outputs":[]}]}""",
            "{\"event_type\":\"stream-start\",\"generation_id\":\"g\"}\n{\"event_type\":\"text-generation\",\"text\":\"x\"}\n{\"event_type\":\"stream-end\",\"response\":{\"text\":\"x\",\"tool_calls\":[{\"name\":\"n\",\"parameters\":{}}],\"meta\":{\"billed_units\":{\"input_tokens\":1}}}}\n"),
        Of("/api/chat", """{"model":"l","messages":[{"role":"user","content":"q","images":["AA"]},{"role":"tool","tool_name":"n","content":"o"}]}""",
            "{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"a \\ud83d\",\"thinking\":\"t\"},\"done\":false}\n{\"model\":\"l\",\"message\":{\"content\":\"\\ude00\",\"tool_calls\":[{\"function\":{\"name\":\"n\",\"arguments\":{\"k\":1}}}]},\"done\":false}\n{\"model\":\"l\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":9}\n"),
        Of("/api/generate", """{"model":"l","prompt":"q","system":"s","stream":false}""", """{"model":"l","response":"x","done":true,"done_reason":"stop","context":[1],"prompt_eval_count":5}"""),
        Of("/v1beta/models/g:streamGenerateContent", """{"systemInstruction":{"parts":{"text":"s"}},"contents":[{"parts":[{"text":"q"},{"inlineData":{"mimeType":"image/png","data":"AA"}}]},{"role":"user","parts":[{"functionResponse":{"name":"n","response":{"output":"o"}}}]}]}""",
            "[{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"t\",\"thought\":true},{\"text\":\"a \\ud83d\"}]}}],\"responseId\":\"r\"},\r\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\ude00\"},{\"functionCall\":{\"name\":\"n\",\"willContinue\":true}},{\"functionCall\":{\"partialArgs\":[{\"jsonPath\":\"$.a[1].b\",\"stringValue\":\"v\"}],\"willContinue\":true}},{\"functionCall\":{}}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":9}}]"),
        Of("/v1internal:generateContent", """{"model":"g","request":{"contents":[{"role":"user","parts":[{"text":"q"}]}]}}""", """{"response":{"candidates":[{"content":{"parts":[{"text":"x"},{"functionCall":{"name":"n","args":{"k":1}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}}"""),
        Of("/v1/complete", """{"model":"c","prompt":"q","max_tokens_to_sample":1}""", Invented.TypedEvents(
            ("completion", "\"id\":\"k\",\"completion\":\" a \\ud83d\",\"stop_reason\":null"),
            ("completion", "\"id\":\"k\",\"completion\":\"\\ude00\",\"stop_reason\":\"stop_sequence\""))),
        Of("/v1/rerank", """{"model":"r","query":"q","documents":["a"]}""", """{"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":12},"meta":{"billed_units":{"search_units":1}}}"""),
        Of("/v1/audio/transcriptions", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nw\r\n--b--\r\n", "data: {\"type\":\"transcript.text.delta\",\"delta\":\"x\"}\n\ndata: {\"type\":\"transcript.text.done\",\"usage\":{\"type\":\"duration\",\"seconds\":6.5,\"input_token_details\":{\"audio_tokens\":1}}}\n\n"),
        Of("/v1/images/edits", """{"model":"i"}""", """{"data":[{"b64_json":"AA"}],"usage":{"input_tokens":5,"output_tokens":9,"input_tokens_details":{"image_tokens":4}}}"""),
        Of("/v1/ocr", """{"model":"o"}""", """{"pages":[],"usage_info":{"pages_processed":3}}"""),
        Of("/v1/files/f/content", "", "{\"custom_id\":\"a\",\"response\":{\"body\":{\"object\":\"response\",\"model\":\"m\",\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}}}\n{\"custom_id\":\"b\",\"result\":{\"message\":{\"model\":\"n\",\"usage\":{\"input_tokens\":5}}}}\n"),
        Of("/v1beta/models/gemini-3:streamGenerateContent", """{"contents":[{"role":"user","parts":[{"text":"q"},{"functionResponse":{"name":"n","response":{}}}]}]}""", Invented.DataEvents(
            """{"responseId":"g","modelVersion":"gemini-3","candidates":[{"content":{"role":"model","parts":[{"text":"h","thought":true},{"text":"a "}]}}],"usageMetadata":{"promptTokenCount":5}}""",
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"n","willContinue":true}},{"functionCall":{"partialArgs":[{"jsonPath":"$.a.b[0]","stringValue":"x","willContinue":true}]}},{"functionCall":{}}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":2,"totalTokenCount":14}}""")),
        Of("/v1beta/models/gemini-3:streamGenerateContent", """{"contents":[]}""", "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n,\r\n{\"candidates\":[{\"finishReason\":1}]}\n]"),
        Of("/unknown", """{"model":"m","messages":[]}""", "[{\"a\":1},\r\n{\"error\":{\"message\":\"m\"}}"),
    ];

    private static (string Path, byte[] Request, byte[] Response) Of(string path, string request, string response) => (path, Encoding.UTF8.GetBytes(request), Encoding.UTF8.GetBytes(response));
}
