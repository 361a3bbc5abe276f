using System.Collections.Frozen;

namespace Lethe.Capture.Harnesses;

/// <summary>What a call is for, in one vocabulary for all agents. A word that is not known stays as it came.</summary>
internal static class RequestKinds
{
    public const string Main = "main";
    public const string SubAgent = "sub_agent";
    public const string Compaction = "compaction";
    public const string Title = "title";
    public const string Summary = "summary";
    public const string Suggestion = "suggestion";
    public const string Memory = "memory";
    public const string Prewarm = "prewarm";
    public const string Quota = "quota";
    public const string Router = "router";
    public const string CountTokens = "count_tokens";
    public const string Other = "other";

    private static readonly FrozenDictionary<string, string> Words = new Dictionary<string, string>
    {
        // Claude Code
        ["subagent"] = SubAgent,
        ["blocking-subagent"] = SubAgent,
        ["workflow"] = SubAgent,
        ["summary-extraction"] = Summary,
        ["followup-generation"] = Suggestion,
        ["auxiliary"] = Other,
        ["side_reply"] = Other,
        ["background-task"] = Other,

        // Codex
        ["turn"] = Main,
        ["compact"] = Compaction,
        ["memory_consolidation"] = Memory,
        ["collab_spawn"] = SubAgent,
        ["review"] = SubAgent,

        // Copilot, and opencode through it
        ["conversation-user"] = Main,
        ["conversation-agent"] = Main,
        ["conversation-subagent"] = SubAgent,
        ["conversation-background"] = Other,
        ["agent-session-name-generation"] = Title,

        // Zed
        ["user_prompt"] = Main,
        ["tool_results"] = Main,
        ["thread_summarization"] = Title,
        ["thread_context_summarization"] = Compaction,
        ["generate_git_commit_message"] = Other,
        ["inline_assist"] = Other,
        ["terminal_inline_assist"] = Other,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the agent itself told; where that is nothing, or no more than that it is not the main conversation, what the call's own words tell.</summary>
    public static Clue? Of(WireEvidence wire, Clue? told)
    {
        var kind = told is { } clue ? clue with { Value = Words.GetValueOrDefault(clue.Value, clue.Value) } : (Clue?)null;
        return kind is null or { Value: Other or SubAgent } ? SideCalls.Of(wire) ?? kind : kind;
    }
}
