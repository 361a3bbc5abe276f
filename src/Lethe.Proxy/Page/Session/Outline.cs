using System.Globalization;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Captured;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>A session's exchanges, in capture order, as prompts with the turns that each took.</summary>
internal sealed class Outline
{
    private readonly Dictionary<string, List<ExchangeRecord>> failed = [];
    private readonly Dictionary<string, string> askedBy = [];
    private readonly Dictionary<string, ConversationTurn> unanswered = [];
    private readonly Dictionary<string, (string Text, bool? IsError)> results = [];
    private readonly List<(string? Prompt, string? PromptId, ConversationTurn Turn, IReadOnlyList<ExchangeRecord> Attempts)> calls = [];
    private readonly Func<string, AgentView?> startedBy;
    private readonly Dictionary<string, CompactionRecord> compactions;

    private Outline(IEnumerable<CompactionRecord> compactions, Func<string, AgentView?> startedBy)
    {
        this.startedBy = startedBy;
        this.compactions = compactions.Where(edge => edge.AfterExchangeId is not null).ToDictionary(edge => edge.AfterExchangeId!);
    }

    /// <param name="startedBy">The sub-agent that a tool call with these arguments (JSON) started; asked once of each call, in their order.</param>
    public static IReadOnlyList<PromptView> Of(IEnumerable<ConversationTurn> conversation, IEnumerable<CompactionRecord> compactions, Func<string, AgentView?> startedBy)
    {
        var outline = new Outline(compactions, startedBy);
        foreach (var turn in conversation)
        {
            outline.Take(turn);
        }

        return outline.Prompts();
    }

    private void Take(ConversationTurn turn)
    {
        string? prompt = null;
        foreach (var message in turn.NewMessages)
        {
            foreach (var result in MessageBlocks.Of(message.Body).OfType<ToolResultBlock>().Where(result => result.Id is not null))
            {
                results[result.Id!] = (result.Text, result.IsError);
            }

            // What asks for the summary, the agent said by itself.
            prompt = (turn.Exchange.RequestKind == "compaction" ? null : PromptText.Of(message)) ?? prompt;
        }

        var exchange = turn.Exchange;
        var call = exchange.Turn.RetryOf ?? exchange.ExchangeId;
        if (exchange.Turn.Seq is not null)
        {
            calls.Add((prompt ?? Asked(call), exchange.PromptId, turn, failed.Remove(call, out var attempts) ? attempts : []));
            return;
        }

        if (!failed.TryGetValue(call, out var tries))
        {
            failed[call] = tries = [];
        }

        tries.Add(exchange);
        if (prompt is not null)
        {
            askedBy[call] = prompt;
        }

        unanswered[exchange.ExchangeId] = turn;
    }

    // What a failed try brought is new with it, and with none of those that follow.
    private string? Asked(string call) => askedBy.TryGetValue(call, out var prompt) ? prompt : null;

    private List<PromptView> Prompts()
    {
        // A call that never became a turn stands alone, told by its last try.
        foreach (var (call, tries) in failed)
        {
            calls.Add((Asked(call), tries[^1].PromptId, unanswered[tries[^1].ExchangeId], [.. tries.SkipLast(1)]));
        }

        // As turns are counted: by time, and those of the same microsecond by their ids.
        calls.Sort((a, b) => string.CompareOrdinal(a.Turn.Exchange.CapturedAt, b.Turn.Exchange.CapturedAt) is not 0 and var order ? order : string.CompareOrdinal(a.Turn.Exchange.ExchangeId, b.Turn.Exchange.ExchangeId));
        var prompts = new List<PromptView>();
        List<TurnView> turns = [];
        ExchangeRecord? before = null;
        string? promptId = null;
        foreach (var (prompt, id, turn, attempts) in calls)
        {
            var isNew = prompts.Count == 0 || (id is not null && promptId is not null ? id != promptId : prompt is not null);
            if (isNew)
            {
                turns = [];
                prompts.Add(new PromptView(prompts.Count + 1, prompt ?? "", turns));
            }

            promptId = id ?? promptId;
            turns.Add(View(turn, attempts, before));
            before = turn.Exchange;
        }

        return prompts;
    }

    private TurnView View(ConversationTurn turn, IReadOnlyList<ExchangeRecord> attempts, ExchangeRecord? before)
    {
        var blocks = turn.Reply.SelectMany(message => MessageBlocks.Of(message.Body)).ToList();
        return new TurnView
        {
            Exchange = turn.Exchange,
            At = DateTimeOffset.Parse(turn.Exchange.CapturedAt, CultureInfo.InvariantCulture),
            Said = [.. blocks.Where(block => block is not ToolUseBlock)],
            Tools = [.. blocks.OfType<ToolUseBlock>().Select(use => Tool(use, turn.Tools.FirstOrDefault(tool => tool.CallId == use.Id)))],
            Attempts = attempts,
            Changes = before is null ? [] : [.. Changes(before, turn.Exchange)],
        };
    }

    private ToolUseView Tool(ToolUseBlock use, ToolCallOutcome? outcome)
    {
        var (text, isError) = use.Id is not null && results.TryGetValue(use.Id, out var told) ? told : (null, null);
        return new ToolUseView(use, text, outcome?.IsError ?? isError, startedBy(use.Arguments)) { Outcome = outcome };
    }

    private IEnumerable<string> Changes(ExchangeRecord before, ExchangeRecord now)
    {
        var (model, earlier) = (now.ModelServed ?? now.ModelRequested, before.ModelServed ?? before.ModelRequested);
        if (model is not null && earlier is not null && model != earlier)
        {
            yield return $"Model changed: {earlier} → {model}";
        }

        if (now.Upstream != before.Upstream)
        {
            yield return $"Upstream changed: {before.Upstream} → {now.Upstream}";
        }

        if (now.Chain?.Tools != before.Chain?.Tools && now.Chain is not null && before.Chain is not null)
        {
            yield return now.Cache?.FirstDifference is { } at && at.StartsWith("tools[", StringComparison.Ordinal) ? $"Tools changed, first at {at}" : "Tools changed";
        }

        if (now.Chain?.System != before.Chain?.System && now.Chain is not null && before.Chain is not null)
        {
            yield return "System prompt changed";
        }

        if (compactions.TryGetValue(now.ExchangeId, out var compaction))
        {
            yield return $"Compacted: {Figure.Exact(compaction.MessagesBefore)} messages into {Figure.Exact(compaction.MessagesAfter)}";
        }
        else if (now.RequestKind == "compaction")
        {
            yield return "The conversation is summed up";
        }
        else if (now.Chain is not null && before.Chain is not null && now.Chain.Root != before.Chain.Root)
        {
            yield return "The conversation began anew: compacted, edited or another one";
        }
    }
}
