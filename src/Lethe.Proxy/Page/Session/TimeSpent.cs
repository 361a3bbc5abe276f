namespace Lethe.Proxy.Page.Session;

/// <summary>Whose the time was: the model's (calls), the tools' (a reply that asked for tools until the request with their results), yours (before a prompt).</summary>
public sealed record TimeSpent(TimeSpan Model, TimeSpan Tools, TimeSpan You)
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

        return new TimeSpent(model, tools, you);
    }
}
