using System.Collections.Frozen;

namespace Lethe.Capture.Redaction;

/// <summary>The headers that a record may hold. Everything else is left out, known or not.</summary>
internal static class HeaderAllowList
{
    private static readonly FrozenSet<string> Names = string.Join(
        ' ',
        // HTTP itself: what the body is and how it travelled.
        "accept accept-encoding accept-language age allow cache-control connection content-disposition content-encoding content-language",
        "content-length content-location content-md5 content-range content-type date expect expires host keep-alive last-modified origin",
        "pragma sec-websocket-extensions sec-websocket-version server server-timing te trailer transfer-encoding upgrade user-agent vary via warning",
        // Who asks, of vendors' clients and coding agents.
        "agent-session-id chatgpt-account-id conversation_id conversation-id copilot-integration-id copilot-language-server-version",
        "editor-plugin-version editor-version goose-session-id helicone-session-id helicone-session-name helicone-session-path http-referer",
        "idempotency-key originator referer session-id session_id thread-id thread_id version vscode-machineid vscode-sessionid",
        "x-1p-request-class x-affinity x-agent-session-id x-agent-task-id x-app x-claude-1p-request-class x-client-machine-id",
        "x-client-request-id x-client-session-id x-client-type x-client-version x-continue-unique-id x-core-version x-correlation-id x-crush-id",
        "x-gemini-api-privileged-user-id x-gemini-service-tier x-github-api-version x-github-repository-nwo x-goog-api-client",
        "x-goog-user-project x-initiator x-interaction-id x-interaction-type x-is-multiroot x-lethe-commit-key x-litellm-call-id",
        "x-litellm-response-cost x-litellm-session-id x-openai-memgen-request x-openai-subagent x-parent-agent-id x-parent-session-id",
        "x-paper-auth-org-id x-paper-auth-subject x-platform x-platform-version x-portkey-parent-span-id x-portkey-trace-id",
        "x-qwen-code-session-id x-request-id x-roo-task-id x-session-affinity x-session-id x-task-id x-title",
        // What the vendor tells of the call.
        "apim-request-id cf-cache-status cf-ray mistral-correlation-id num_tokens request-id retry-after retry-after-ms traceparent tracestate",
        "traceresponse x-amzn-bedrock-cache-read-input-token-count x-amzn-bedrock-cache-write-input-token-count",
        "x-amzn-bedrock-input-token-count x-amzn-bedrock-invocation-latency x-amzn-bedrock-output-token-count x-amzn-errortype",
        "x-amzn-requestid x-debug-trace-id x-ds-trace-id x-envoy-upstream-service-time x-generation-id x-inference-provider x-models-etag",
        "x-ms-client-request-id x-ms-deployment-name x-ms-is-spilled-over x-ms-region x-ms-request-id x-ms-served-model",
        "x-reasoning-included x-should-retry").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Families =
    [
        "ai-o11y-", "anthropic-", "openai-", "ratelimit-", "x-claude-code-", "x-codex-", "x-dashscope-", "x-kilocode-", "x-lethe-",
        "x-metrics-", "x-opencode-", "x-ratelimit-", "x-stainless-", "x-tapes-",
    ];

    // A family's future member may carry a secret; its name would say so.
    private static readonly FrozenSet<string> SecretWords = "auth authorization bearer cookie credential credentials jwt key password secret signature token"
        .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool Allows(string name) => Names.Contains(name) || (IsOfFamily(name) && !SaysSecret(name));

    /// <summary>True when a word of the name is a word for a secret; words end at anything but letters and digits, and where camel case begins another.</summary>
    public static bool SaysSecret(ReadOnlySpan<char> name)
    {
        var words = SecretWords.GetAlternateLookup<ReadOnlySpan<char>>();
        while (!name.IsEmpty)
        {
            var end = 0;
            while (end < name.Length && char.IsAsciiLetterOrDigit(name[end]) && !BeginsWord(name, end))
            {
                end++;
            }

            if (words.Contains(name[..end]))
            {
                return true;
            }

            name = name[(end < name.Length && !char.IsAsciiLetterOrDigit(name[end]) ? end + 1 : end)..];
        }

        return false;
    }

    // apiKey, APIKey
    private static bool BeginsWord(ReadOnlySpan<char> name, int at) =>
        at > 0 && char.IsAsciiLetterUpper(name[at])
        && (!char.IsAsciiLetterUpper(name[at - 1]) || (at + 1 < name.Length && char.IsAsciiLetterLower(name[at + 1])));

    private static bool IsOfFamily(string name)
    {
        foreach (var family in Families)
        {
            if (name.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
