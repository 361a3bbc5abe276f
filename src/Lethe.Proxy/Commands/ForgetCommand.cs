using System.CommandLine;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe forget SESSION</c>: erases every word of a session and of its sub-agents, beside a running lethe or with none.</summary>
internal static class ForgetCommand
{
    public static Command Build()
    {
        var session = new Argument<string>("SESSION") { Description = "A session id, the beginning of one, or the harness's own session id." };
        var facts = new Option<bool>("--facts") { Description = "The bare facts too: only their sums are left." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("forget", "Erase every word of a session and of its sub-agents.") { session, facts, yes };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            var output = line.InvocationConfiguration.Output;
            // Asked of the running one first: the store may not be there yet.
            using var running = RunningLethe.Find(settings.Options.DataDirectory);
            var (id, size) = Measure(settings, line.GetRequiredValue(session));
            output.WriteLine($"{id}: {size.Sessions} sessions, {size.Exchanges} exchanges, {size.Messages} messages{(line.GetValue(facts) ? ", with their facts" : "")}");
            if (!line.GetValue(yes) && !IsAgreed(output))
            {
                throw new CommandFailure(ExitCode.NotFine, "lethe: nothing was forgotten.");
            }

            var forgotten = running is not null
                ? await running.AskAsync(HttpMethod.Delete, $"/v1/sessions/{id}?facts={(line.GetValue(facts) ? "true" : "false")}", ApiJson.Default.ForgottenDocument, cancel)
                : await RestingMemory.ForgetAsync(settings, id, line.GetValue(facts));
            output.WriteLine($"forgotten: {forgotten.Sessions} sessions, {forgotten.Exchanges} exchanges, {forgotten.Messages} messages, {Format.Bytes(forgotten.Bytes)} of bodies");
            return forgotten.Unread == 0
                ? ExitCode.Fine
                : throw new CommandFailure(ExitCode.NotFine, $"lethe: {forgotten.Unread} of the exchanges lie on damaged lines of the journal: which of its bytes are their words cannot be told, and they are left. lethe verify tells where.");
        });
        return command;
    }

    private static (string Id, (long Sessions, long Exchanges, long Messages) Size) Measure(Configuration.LetheSettings settings, string word)
    {
        using var reader = StoreFile.Open(settings);
        var detail = SessionWord.Find(reader, word);
        var size = (Sessions: 0L, Exchanges: 0L, Messages: 0L);
        var waiting = new Queue<SessionDetail>([detail]);
        while (waiting.TryDequeue(out var one))
        {
            var counters = one.Session.Counters;
            size = (size.Sessions + 1, size.Exchanges + counters.Exchanges, size.Messages + counters.Nodes);
            foreach (var child in one.Children)
            {
                waiting.Enqueue(reader.Session(Organisation.None, child.SessionId)!);
            }
        }

        return (detail.Session.SessionId, size);
    }

    // Who pipes or schedules it says so with --yes.
    private static bool IsAgreed(TextWriter output)
    {
        if (Console.IsInputRedirected)
        {
            throw CommandFailure.Usage("forget asks on a terminal; elsewhere it needs --yes.");
        }

        output.Write("Erase them for good? [y/N] ");
        output.Flush();
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
