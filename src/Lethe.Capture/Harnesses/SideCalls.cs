namespace Lethe.Capture.Harnesses;

/// <summary>Calls beside the conversation that their client does not mark, by the first words of the system prompt, or of what was said last.</summary>
internal static class SideCalls
{
    private static readonly (string Kind, string Words)[] BySystem =
    [
        (RequestKinds.Title, "You are a title generator"),
        (RequestKinds.Title, "Generate a concise, sentence-case title"),
        (RequestKinds.Title, "indicates a new conversation topic"),
        (RequestKinds.Title, "Summarize this coding conversation in under 50 characters"),
        (RequestKinds.Title, "pithy titles for chatbot conversations"),
        (RequestKinds.Title, "you will generate a short title"),
        (RequestKinds.Compaction, "tasked with summarizing conversations"),
        (RequestKinds.Compaction, "anchored context summarization assistant"),
        (RequestKinds.Compaction, "context summarization assistant"),
        (RequestKinds.Compaction, "summarizes internal chat history into a given structure"),
        (RequestKinds.Compaction, "You are summarizing a conversation to preserve context"),
        (RequestKinds.Compaction, "You are maintaining a context-aware state summary"),
        (RequestKinds.Compaction, "Briefly summarize this partial conversation"),
        (RequestKinds.Summary, "Summarize what was done in this conversation"),
        (RequestKinds.Memory, "memory extraction subagent"),
        (RequestKinds.Router, "Task Routing AI"),
        (RequestKinds.Other, "You are a security classifier for an AI"),
        (RequestKinds.Other, "Your task is to process Bash commands"),
        (RequestKinds.Other, "sophisticated AI diagnostic agent"),
        (RequestKinds.Other, "expert code-editing assistant"),
    ];

    private static readonly (string Kind, string Words)[] ByLastWords =
    [
        (RequestKinds.Compaction, "CRITICAL: Respond with TEXT ONLY"),
        (RequestKinds.Compaction, "Your task is to create a detailed summary of the conversation"),
        (RequestKinds.Compaction, "You are performing a CONTEXT CHECKPOINT COMPACTION"),
        (RequestKinds.Suggestion, "[SUGGESTION MODE"),
        (RequestKinds.Summary, "The user stepped away and is coming back"),
        (RequestKinds.Summary, "Summarize the user's primary intent or goal"),
        (RequestKinds.Title, "Generate a title for this conversation"),
        (RequestKinds.Title, "Generate a concise 3-7 word title"),
        (RequestKinds.Title, "Please write a 5-10 word title"),
        (RequestKinds.Other, "Analyze *only* the content and structure of your immediately preceding response"),
    ];

    public static Clue? Of(WireEvidence wire)
    {
        foreach (var (kind, words) in BySystem)
        {
            if (wire.Openings.Say(words))
            {
                return new Clue(kind, "inference:system_prompt");
            }
        }

        foreach (var (kind, words) in ByLastWords)
        {
            if (wire.LastWords.Begin(words))
            {
                return new Clue(kind, "inference:messages");
            }
        }

        return null;
    }
}
