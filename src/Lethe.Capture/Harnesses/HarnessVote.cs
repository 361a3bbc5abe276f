namespace Lethe.Capture.Harnesses;

/// <summary>
/// Which agent sent a call: each kind of sign that holds for an agent is a voice for it, weighed by how hard it is to borrow. One sign alone decides nothing
/// that others speak against: an agent that comes under another's user agent is known by what it says of itself.
/// </summary>
internal static class HarnessVote
{
    private static readonly Level[] Levels = LevelsOf(KnownAgents.All);

    /// <summary>The agent with the most voices, and the strongest sign for it; null when nothing speaks for any.</summary>
    public static (Harness Harness, Mark Mark)? Of(WireEvidence wire)
    {
        Span<int> voices = stackalloc int[KnownAgents.All.Length];
        var strongest = new Mark?[KnownAgents.All.Length];
        voices.Clear();
        foreach (var level in Levels)
        {
            var heard = -1;
            foreach (var (agent, mark) in level.Marks)
            {
                if (agent != heard && mark.Holds(wire))
                {
                    heard = agent;
                    voices[agent] += (int)level.Trust;
                    strongest[agent] ??= mark;
                }
            }

            if (IsDecided(voices, level.Behind))
            {
                break;
            }
        }

        var first = IndexOfMost(voices);
        return strongest[first] is { } sign ? (KnownAgents.All[first], sign) : null;
    }

    // Nothing that is still to be heard can change it.
    private static bool IsDecided(ReadOnlySpan<int> voices, int behind)
    {
        var (most, next) = (0, 0);
        foreach (var count in voices)
        {
            (most, next) = count > most ? (count, most) : (most, Math.Max(next, count));
        }

        return most - next > behind;
    }

    private static int IndexOfMost(ReadOnlySpan<int> voices)
    {
        var most = 0;
        for (var i = 1; i < voices.Length; i++)
        {
            most = voices[i] > voices[most] ? i : most;
        }

        return most;
    }

    // The marks of one agent stand together on each level.
    private static Level[] LevelsOf(Harness[] agents)
    {
        var kinds = Enum.GetValues<Trust>().OrderDescending().ToArray();
        return [.. kinds.Select(trust => new Level(
            trust,
            [.. agents.SelectMany((agent, i) => agent.Marks.Where(mark => mark.Trust == trust).Select(mark => (i, mark)))],
            kinds.Where(other => other < trust).Sum(other => (int)other)))];
    }

    private sealed record Level(Trust Trust, (int Agent, Mark Mark)[] Marks, int Behind);
}
