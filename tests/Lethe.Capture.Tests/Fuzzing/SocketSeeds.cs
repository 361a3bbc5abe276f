using Lethe.Capture.Tests.Decoding;
using static Lethe.Capture.Tests.Fuzzing.Seed;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Sessions inside WebSockets, message by message, and calls as they are kept of them.</summary>
internal static class SocketSeeds
{
    private const string Live = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

    public static readonly (string Path, (bool FromClient, string Text)[] Messages)[] Sessions =
    [
        ("/v1/responses",
        [
            (true, """{"type":"response.create","model":"g","generate":false,"input":[]}"""),
            (true, """{"type":"response.create","model":"g","stream_id":"l","input":[{"role":"user","content":"q"}]}"""),
            (false, """{"type":"codex.rate_limits"}"""),
            (false, """{"type":"response.created","stream_id":"l","response":{"id":"r","model":"g"}}"""),
            (false, """{"type":"response.output_text.delta","stream_id":"l","output_index":0,"delta":"a"}"""),
            (false, """{"type":"response.completed","stream_id":"l","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":9}}}"""),
            (true, """{"type":"response.create","previous_response_id":"r","input":[]}"""),
            (false, """{"type":"error","status":429,"error":{"type":"t","code":"c","message":"m"}}"""),
        ]),
        ("/v1/realtime",
        [
            (false, """{"type":"session.created","session":{"model":"g","instructions":"s","tools":[{"type":"function","name":"n"}]}}"""),
            (true, """{"type":"input_audio_buffer.append","audio":"AAAA"}"""),
            (true, """{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"q"}]}}"""),
            (false, """{"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"w"}"""),
            (true, """{"type":"response.create"}"""),
            (false, """{"type":"response.created","response":{"id":"r"}}"""),
            (false, """{"type":"response.output_audio.delta","response_id":"r","delta":"AAAA"}"""),
            (false, """{"type":"response.done","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"x"}]},{"type":"function_call","call_id":"t","name":"n","arguments":"{}"}],"usage":{"input_tokens":9,"output_tokens":20,"input_token_details":{"cached_tokens":4,"audio_tokens":5}}}}"""),
        ]),
        (Live,
        [
            (true, """{"setup":{"model":"models/g","systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"n"}]}]}}"""),
            (false, """{"setupComplete":{}}"""),
            (true, """{"realtime_input":{"audio":{"data":"AAAA","mimeType":"audio/pcm"}}}"""),
            (false, """{"serverContent":{"inputTranscription":{"text":"w"}}}"""),
            (false, """{"toolCall":{"functionCalls":[{"id":"t","name":"n","args":{"k":1}}]}}"""),
            (true, """{"tool_response":{"function_responses":[{"id":"t","name":"n","response":{"output":"o"}}]}}"""),
            (true, """{"client_content":{"turns":[{"role":"user","parts":[{"text":"q"}]}],"turn_complete":true}}"""),
            (false, """{"serverContent":{"modelTurn":{"parts":[{"text":"h","thought":true},{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}}"""),
            (false, """{"serverContent":{"outputTranscription":{"text":"x"}}}"""),
            (false, """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":9,"responseTokenCount":20,"responseTokensDetails":[{"modality":"AUDIO","tokenCount":20}]}}"""),
        ]),
    ];

    public static readonly Seed[] Calls =
    [
        Of(Live, """{"model":"models/g","systemInstruction":{"parts":[{"text":"s"}]},"tools":[],"contents":[{"role":"user","parts":[{"text":"w","audio_bytes":4800}]}]}""", Invented.DataEvents(
            """{"toolCall":{"functionCalls":[{"id":"t","name":"n","args":{"k":1}},{"name":"m"}]}}""",
            """{"serverContent":{"modelTurn":{"parts":[{"text":"h","thought":true},{"inlineData":{"mimeType":"audio/pcm","data_bytes":4800}}]}}}""",
            """{"serverContent":{"outputTranscription":{"text":"x"},"interrupted":true}}""",
            """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":9,"responseTokenCount":20,"thoughtsTokenCount":3}}""")) with { IsInSocket = true },
        Of("/v1/realtime", """{"model":"g","instructions":"s","tools":[],"input":[{"type":"message","role":"user","content":[{"type":"input_audio","transcript":"w","audio_bytes":4800}]}]}""", Invented.DataEvents(
            """{"type":"response.created","response":{"id":"r"}}""",
            """{"type":"response.output_audio_transcript.delta","delta":"x"}""",
            """{"type":"response.done","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"x"}]}],"usage":{}},"usage":{"input_tokens":8,"output_tokens":376}}""")) with { IsInSocket = true },
        Of("/v1/responses", """{"type":"response.create","model":"g","previous_response_id":"p","input":[{"type":"function_call_output","call_id":"t","output":"o"}]}""", Invented.DataEvents(
            """{"type":"response.created","response":{"id":"r","model":"g"}}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call","call_id":"t","name":"n","input":"i"}}""",
            """{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":9}}}""")) with { IsInSocket = true },
    ];
}
