namespace Lethe.Proxy.Page.Session;

/// <summary>Whose the time was: the model's (calls), the tools' (a reply that asked for tools until the request with their results), yours (before a prompt).</summary>
/// <param name="Other">What is left of the time from the first call to the last one's end: nobody knows whose it was.</param>
public sealed record TimeSpent(TimeSpan Model, TimeSpan Tools, TimeSpan You, TimeSpan Other)
{
    public static TimeSpent Of(IReadOnlyList<PromptView> prompts)
    {
        var (model, tools, you) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        TurnView? before = null;
        foreach (var prompt in prompts)
        {
            for (var at = 0; at < prompt.Turns.Count; at++)
            {
                var turn = prompt.Turns[at];
                if (before is not null && turn.At - AgentView.End(before.Exchange) is { Ticks: > 0 } gap)
                {
                    if (at == 0)
                    {
                        you += gap;
                    }
                    else if (before.Tools.Count > 0)
                    {
                        tools += gap;
                    }
                }

                model += TimeSpan.FromMilliseconds(turn.Exchange.Timing.DurationMs ?? 0);
                before = turn;
            }
        }

        var turns = prompts.SelectMany(prompt => prompt.Turns).ToList();
        var whole = turns.Count == 0 ? TimeSpan.Zero : turns.Max(turn => AgentView.End(turn.Exchange)) - turns[0].At;
        return new TimeSpent(model, tools, you, whole - model - tools - you is { Ticks: > 0 } other ? other : TimeSpan.Zero);
    }
}
