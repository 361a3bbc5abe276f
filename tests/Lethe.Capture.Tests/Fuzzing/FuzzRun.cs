using System.Globalization;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>How many mutations a run has, and what is asked of each.</summary>
internal static class FuzzRun
{
    /// <summary>What the environment asks for.</summary>
    public static int Asked(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : otherwise;

    /// <summary>What has to hold of every call, whatever was in it.</summary>
    public static void Check(InterpretedExchange meaning)
    {
        Assert.False(meaning is { Outcome: Outcome.NotDecoded, OutcomeReason: null }, "not decoded, and no reason why");
        if (meaning.Turn is not { } turn)
        {
            Assert.NotEqual(Outcome.Completed, meaning.Outcome);
            return;
        }

        foreach (var message in turn.Prompt.Concat(turn.Reply))
        {
            Assert.All(message.Blocks, block => Assert.NotNull(block.Type));
        }

        Assert.All(turn.ToolCalls, call => Assert.NotNull(call.ArgumentsJson));
        Assert.False(turn.Usage is { } usage && (usage.Input < 0 || usage.Output < 0 || usage.CacheRead < 0 || usage.CacheWrite < 0 || usage.Reasoning > usage.Output), "a count that cannot be");
        Assert.False(turn.ReplyComplete && turn.Error is { Phase: "stream" or "body" }, $"complete in spite of an error: {turn.Endpoint} {turn.Error}");
        Assert.False(meaning.Cost is { NanoUsd: < 0 }, "a cost that cannot be");
        Assert.False(
            meaning is { Outcome: Outcome.Completed, OutcomeReason: null } && turn is { Operation: Operation.Chat or Operation.Completion, Reply.Count: 0, Usage: null },
            $"completed, and nothing was said: {turn.Endpoint}");
    }
}
