using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Exporting;

/// <summary>What one side said before the other did: one message, or several where a dialect has each call of a tool and each thought as a message of its own.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>; outcomes of tools are the user's.</param>
internal sealed record SpokenRun(string Role, List<Block> Blocks)
{
    public const string System = "system";
    public const string User = "user";
    public const string Assistant = "assistant";

    public static SpokenRun Of(ConversationMessage message)
    {
        var blocks = MessageBlocks.Of(message.Body);
        var role = message.Role switch
        {
            "assistant" or "model" => Assistant,
            "system" or "developer" => System,
            _ => blocks.Any(block => block is ToolUseBlock or ThoughtBlock) ? Assistant : User,
        };
        return new SpokenRun(role, [.. blocks]);
    }

    /// <summary>Messages as runs, in their order; one run is held at a time.</summary>
    public static IEnumerable<SpokenRun> Of(IEnumerable<ConversationMessage> messages)
    {
        SpokenRun? open = null;
        foreach (var run in messages.Select(Of))
        {
            if (open?.Role == run.Role)
            {
                open.Blocks.AddRange(run.Blocks);
                continue;
            }

            if (open is not null)
            {
                yield return open;
            }

            open = run;
        }

        if (open is not null)
        {
            yield return open;
        }
    }

    /// <summary>What is text to a reader; null for thoughts, calls of tools and their outcomes. Of an image or a file its name stands there.</summary>
    public static string? TextOf(Block block) => block switch
    {
        SaidBlock said => said.Text,
        MediaBlock media => media.MediaType is { } type ? $"[{media.Kind} {type}]" : $"[{media.Kind}]",
        OtherBlock other => other.Json,
        _ => null,
    };
}
