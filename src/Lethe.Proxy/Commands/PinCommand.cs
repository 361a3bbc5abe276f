using System.CommandLine;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe pin SESSION</c> and <c>lethe unpin SESSION</c>: keeps a session and its sub-agents from retention, or no longer.</summary>
internal static class PinCommand
{
    public static Command Build(bool isPinned)
    {
        var session = new Argument<string>("SESSION") { Description = "A session id, the beginning of one, or the harness's own session id." };
        var command = new Command(isPinned ? "pin" : "unpin", isPinned ? "Keep a session and its sub-agents from retention." : "Leave a session to retention again.") { session };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            using var running = RunningLethe.Find(settings.Options.DataDirectory);
            var id = SessionWord.Require(settings, line.GetRequiredValue(session));
            if (running is null)
            {
                await RestingMemory.PinAsync(settings, id, isPinned);
            }
            else
            {
                await running.AskAsync(HttpMethod.Post, $"/v1/sessions/{id}/{(isPinned ? "pin" : "unpin")}", ApiJson.Default.SessionDetail, cancel);
            }

            line.InvocationConfiguration.Output.WriteLine($"{id}: {(isPinned ? "pinned" : "not pinned")}");
            return ExitCode.Fine;
        });
        return command;
    }
}
