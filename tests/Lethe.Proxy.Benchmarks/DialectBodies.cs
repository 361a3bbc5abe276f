using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Benchmarks;

/// <summary>A call of a dialect, with the pieces of JSON that its two bodies are made of.</summary>
internal sealed record DialectBody(string Name, CapturedExchange Exchange, IReadOnlyList<byte[]> Pieces)
{
    /// <summary>What any reader has to do at least.</summary>
    public void Parse()
    {
        foreach (var piece in Pieces)
        {
            JsonDocument.Parse(piece).Dispose();
        }
    }
}

/// <summary>Calls of about the same size in one dialect after another.</summary>
internal static class DialectBodies
{
    private const int RequestChars = 20_000;
    private const int Events = 200;
    private const string Words = "a few words at a time ";

    private static readonly string Prompt = string.Concat(Enumerable.Repeat("the quick brown fox ", RequestChars / 20));

    public static IEnumerable<DialectBody> All() =>
    [
        Stream("Anthropic messages", "/v1/messages", Chat,
            [
                """{"type":"message_start","message":{"id":"m","model":"c","role":"assistant","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}""",
                """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
                .. Each($$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{Words}}}"}}"""),
                """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}""",
                """{"type":"message_stop"}""",
            ]),
        Stream("Anthropic complete", "/v1/complete", $$"""{"model":"c","prompt":"{{Prompt}}"}""",
            [.. Each($$"""{"type":"completion","id":"k","completion":"{{Words}}","stop_reason":null,"model":"c"}"""), """{"type":"completion","id":"k","completion":"","stop_reason":"stop_sequence"}"""]),
        Stream("Chat Completions", "/v1/chat/completions", Chat,
            [
                .. Each($$$"""{"id":"i","object":"chat.completion.chunk","model":"g","choices":[{"index":0,"delta":{"content":"{{{Words}}}"},"finish_reason":null}]}"""),
                """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":9}}""",
            ]),
        Stream("Responses", "/v1/responses", $$"""{"model":"g","input":[{"role":"user","content":[{"type":"input_text","text":"{{Prompt}}"}]}]}""",
            [
                """{"type":"response.created","response":{"id":"r","status":"in_progress","output":[]}}""",
                .. Each($$"""{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"{{Words}}"}"""),
                """{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":9}}}""",
            ]),
        Stream("Cohere", "/v2/chat", Chat,
            [
                """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}""",
                .. Each($$$$$"""{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"{{{{{Words}}}}}"}}}}"""),
                """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}""",
            ]),
        Lines("Ollama", "/api/chat", Chat,
            [.. Each($$$"""{"model":"l","message":{"role":"assistant","content":"{{{Words}}}"},"done":false}"""), """{"model":"l","done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":9}"""]),
        Stream("Bedrock converse, as events", "/model/amazon.nova-lite-v1%3A0/converse-stream", $$"""{"messages":[{"role":"user","content":[{"text":"{{Prompt}}"}]}]}""",
            [.. Each($$$$"""{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"{{{{Words}}}}"}}}"""), """{"messageStop":{"stopReason":"end_turn"}}"""]),
        EventStream("Bedrock converse, in AWS's frames", "/model/amazon.nova-lite-v1%3A0/converse-stream", $$"""{"messages":[{"role":"user","content":[{"text":"{{Prompt}}"}]}]}""",
            [
                .. Each($$$"""{"contentBlockIndex":0,"delta":{"text":"{{{Words}}}"}}""").Select(json => ("contentBlockDelta", json)),
                ("messageStop", """{"stopReason":"end_turn"}"""),
                ("metadata", """{"usage":{"inputTokens":5,"outputTokens":9}}"""),
            ]),
        Stream("Bedrock invoke, Claude", "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream", Chat,
            [
                """{"type":"message_start","message":{"id":"m","model":"c","role":"assistant","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}""",
                .. Each($$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{Words}}}"}}"""),
                """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}""",
            ]),
        Stream("Bedrock invoke, Llama", "/model/meta.llama3-8b-instruct-v1%3A0/invoke-with-response-stream", $$"""{"prompt":"{{Prompt}}"}""",
            [.. Each($$"""{"generation":"{{Words}}","stop_reason":null}"""), """{"generation":"","stop_reason":"stop","prompt_token_count":5,"generation_token_count":9}"""]),
        Stream("Gemini", "/v1beta/models/gemini-3-pro:streamGenerateContent", $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{Prompt}}}"}]}]}""",
            [
                .. Each($$$"""{"candidates":[{"content":{"role":"model","parts":[{"text":"{{{Words}}}"}]},"index":0}],"modelVersion":"gemini-3-pro"}"""),
                """{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9}}""",
            ]),
        Document("Gemini, as one array", "/v1beta/models/gemini-3-pro:streamGenerateContent", $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{Prompt}}}"}]}]}""",
            "[" + string.Join(",\r\n", Each($$$"""{"candidates":[{"content":{"role":"model","parts":[{"text":"{{{Words}}}"}]},"index":0}],"modelVersion":"gemini-3-pro"}""")
                .Append("""{"candidates":[{"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9}}""")) + "]"),
        Stream("Gemini Interactions", "/v1beta/interactions", $$$"""{"model":"g","input":[{"type":"user_input","content":[{"type":"text","text":"{{{Prompt}}}"}]}]}""",
            [
                """{"event_type":"interaction.created","interaction":{"id":"i","model":"g","status":"in_progress"}}""",
                """{"event_type":"step.start","index":0,"step":{"type":"model_output"}}""",
                .. Each($$$"""{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"{{{Words}}}"}}"""),
                """{"event_type":"interaction.completed","interaction":{"id":"i","status":"completed","usage":{"total_input_tokens":5,"total_output_tokens":9}}}""",
            ]),
        InSocket(Stream("Gemini Live, in a WebSocket", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
            $$$"""{"model":"models/g","contents":[{"role":"user","parts":[{"text":"{{{Prompt}}}"}]}]}""",
            [
                .. Each($$$$"""{"serverContent":{"modelTurn":{"parts":[{"text":"{{{{Words}}}}"}]}}}"""),
                """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":5,"responseTokenCount":9}}""",
            ])),
        InSocket(Lines("Realtime, in a WebSocket", "/v1/realtime", $$$"""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"{{{Prompt}}}"}]}}""",
            [
                """{"type":"response.created","response":{"id":"r","status":"in_progress","output":[]}}""",
                .. Each($$"""{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"{{Words}}"}"""),
                """{"type":"response.done","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":9}}}""",
            ])),
        Fetched(Lines("A batch's results", "/v1/messages/batches/b/results", "{}",
            [.. Enumerable.Range(0, Events).Select(i => $$$$$"""{"custom_id":"{{{{{i}}}}}","result":{"type":"succeeded","message":{"id":"m{{{{{i}}}}}","model":"c","content":[{"type":"text","text":"{{{{{Words}}}}}"}],"usage":{"input_tokens":5,"output_tokens":9}}}}""")])),
        Document("Transcription", "/v1/audio/transcriptions", $$"""{"model":"t","prompt":"{{Prompt}}"}""",
            $$$"""{"text":"{{{string.Concat(Enumerable.Repeat(Words, Events))}}}","usage":{"type":"tokens","input_tokens":5,"output_tokens":9,"total_tokens":14}}"""),
        Document("Embeddings", "/v1/embeddings", $$"""{"model":"e","input":"{{Prompt}}"}""",
            $$$"""{"object":"list","model":"e","data":[{"embedding":[{{{string.Join(',', Enumerable.Repeat("0.0123456", 3_000))}}}]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"""),
    ];

    private static string Chat => $$"""{"model":"m","stream":true,"messages":[{"role":"user","content":"{{Prompt}}"}]}""";

    private static IEnumerable<string> Each(string json) => Enumerable.Repeat(json, Events);

    private static DialectBody Stream(string name, string path, string request, string[] events) =>
        Of(name, path, request, string.Concat(events.Select(json => $"data: {json}\n\n")), events);

    private static DialectBody Lines(string name, string path, string request, string[] lines) => Of(name, path, request, string.Concat(lines.Select(json => json + "\n")), lines);

    private static DialectBody EventStream(string name, string path, string request, (string Kind, string Json)[] events)
    {
        var body = Of(name, path, request, "", [.. events.Select(one => one.Json)]);
        byte[] framed = [.. events.SelectMany(one => AwsFrame(one.Kind, Encoding.UTF8.GetBytes(one.Json)))];
        return body with { Exchange = body.Exchange with { Response = new CapturedBody { Bytes = framed, WireBytes = framed.Length } } };
    }

    /// <summary>A message of <c>application/vnd.amazon.eventstream</c>, with its sums.</summary>
    private static byte[] AwsFrame(string kind, byte[] payload)
    {
        byte[] headers = [.. Header(":event-type", kind), .. Header(":content-type", "application/json"), .. Header(":message-type", "event")];
        byte[] prelude = [.. Number(16 + headers.Length + payload.Length), .. Number(headers.Length)];
        byte[] message = [.. prelude, .. Number((int)Crc32.Of(prelude)), .. headers, .. payload];
        return [.. message, .. Number((int)Crc32.Of(message))];

        static byte[] Header(string name, string value) => [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), 7, 0, (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static DialectBody Document(string name, string path, string request, string document) => Of(name, path, request, document, [document]);

    private static DialectBody InSocket(DialectBody body) => body with
    {
        Exchange = body.Exchange with { Attributes = new Dictionary<string, string> { [CapturedExchange.ConnectionAttribute] = "c" } },
    };

    private static DialectBody Fetched(DialectBody body) => body with { Exchange = body.Exchange with { Method = "GET" } };

    private static DialectBody Of(string name, string path, string request, string response, string[] pieces)
    {
        var made = DecodeBenchmark.Exchange(50_000, 1);
        return new DialectBody(
            name,
            made with { Path = path, Provider = null, Request = Body(request), Response = Body(response) },
            [Encoding.UTF8.GetBytes(request), .. pieces.Select(Encoding.UTF8.GetBytes)]);
    }

    private static CapturedBody Body(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new CapturedBody { Bytes = bytes, WireBytes = bytes.Length };
    }
}
