using System.CommandLine;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe session merge FROM INTO</c>: for a producer that named the wrong harness or id. All of one session, and whatever comes under its key, is the
/// other's for good.
/// </summary>
internal static class SessionCommand
{
    public static Command Build() => new("session", "Set right what a producer told of sessions.") { Merge() };

    private static Command Merge()
    {
        var from = new Argument<string>("FROM") { Description = "The session that goes over; its key means the other from then on." };
        var into = new Argument<string>("INTO") { Description = "The session that stays." };
        var reason = new Option<string?>("--reason") { Description = "Why; kept in the journal." };
        var command = new Command("merge", "Make two sessions one, for good.") { from, into, reason };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            using var running = RunningLethe.Find(settings.Options.DataDirectory);
            var (source, target) = (SessionWord.Require(settings, line.GetRequiredValue(from)), SessionWord.Require(settings, line.GetRequiredValue(into)));
            var why = line.GetValue(reason);
            var merged = running is null
                ? await RestingMemory.MergeAsync(settings, source, target, why)
                : await running.AskAsync(
                    HttpMethod.Post, $"/v1/sessions/{source}/merge?into={target}&reason={Uri.EscapeDataString(why ?? "")}", ApiJson.Default.SessionDetail, cancel);
            line.InvocationConfiguration.Output.WriteLine(
                $"{merged.Session.SessionId}: {merged.Session.Counters.Turns} turns, {merged.Session.Counters.Exchanges} exchanges, known as {string.Join(", ", merged.Aliases.Select(alias => $"{alias.HarnessId} {alias.HarnessSessionId}"))}");
            return ExitCode.Fine;
        });
        return command;
    }
}
