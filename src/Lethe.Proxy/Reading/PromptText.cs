using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a person asked, out of all that an agent sends with it.</summary>
internal static class PromptText
{
    /// <summary>Agents put their own words to the model into the user's message, in elements of these names.</summary>
    private static readonly string[] AgentElements = ["<system-reminder", "<environment_context", "<environment_details", "<user_instructions", "<command-", "<local-command", "<permissions instructions", "<INSTRUCTIONS", "<ide_"];

    /// <summary>The text of a user's message that is no tool result; null when it has none.</summary>
    public static string? Of(ConversationMessage message)
    {
        if (message.Role != "user")
        {
            return null;
        }

        var blocks = MessageBlocks.Of(message.Body);
        if (blocks.Any(block => block is ToolResultBlock))
        {
            return null;
        }

        var asked = blocks.OfType<SaidBlock>().Select(block => block.Text.Trim()).Where(text => text.Length > 0 && !IsAgentsOwn(text)).ToList();
        return asked.Count > 0 ? string.Join("\n", asked) : null;
    }

    /// <summary>The first line, cut to <paramref name="charactersMax"/>.</summary>
    public static string Title(string text, int charactersMax = 80) => Terminal.Format.OneLine(text.Split('\n', 2)[0].Trim(), charactersMax);

    private static bool IsAgentsOwn(string text) => AgentElements.Any(element => text.StartsWith(element, StringComparison.OrdinalIgnoreCase));
}
