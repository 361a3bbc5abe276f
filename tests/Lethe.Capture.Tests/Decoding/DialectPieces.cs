namespace Lethe.Capture.Tests.Decoding;

/// <summary>An answer of «hello» in three pieces, in one dialect after another; the last one ends it.</summary>
internal static class DialectPieces
{
    public static readonly (string Path, string[] Pieces)[] All =
    [
        ("/v2/chat",
        [
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"hel"}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"lo"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}""",
        ]),
        ("/api/chat",
        [
            """{"model":"l","message":{"role":"assistant","content":"hel"},"done":false}""",
            """{"model":"l","message":{"content":"lo"},"done":false}""",
            """{"model":"l","done":true,"done_reason":"stop","eval_count":9}""",
        ]),
        ("/v1/complete",
        [
            """{"type":"completion","id":"c","completion":"hel","stop_reason":null,"model":"claude-2"}""",
            """{"type":"completion","id":"c","completion":"lo","stop_reason":null,"model":"claude-2"}""",
            """{"type":"completion","id":"c","completion":"","stop_reason":"stop_sequence","model":"claude-2"}""",
        ]),
        ("/model/amazon.nova-lite-v1%3A0/converse-stream",
        [
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"hel"}}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"lo"}}}""",
            """{"messageStop":{"stopReason":"end_turn"}}""",
        ]),
        ("/v1beta/models/gemini-3:streamGenerateContent",
        [
            """{"responseId":"g","candidates":[{"content":{"role":"model","parts":[{"text":"hel"}]}}]}""",
            """{"responseId":"g","candidates":[{"content":{"role":"model","parts":[{"text":"lo"}]}}]}""",
            """{"responseId":"g","candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9}}""",
        ]),
        ("/v1beta/interactions",
        [
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"hel"}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"lo"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"v","status":"completed","usage":{"total_input_tokens":5,"total_output_tokens":9}}}""",
        ]),
    ];
}
