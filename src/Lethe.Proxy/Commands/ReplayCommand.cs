using System.CommandLine;
using System.Data.Common;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Capture.Repeats;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Verifying;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe replay</c>: everything the journal holds into a store. What the store has already is recognised and counted once. Exits 1 when something
/// could not be read, was in conflict with what is stored, or could not be stored; and when calls whose words were erased are unknown to the store: what
/// was counted of them stands in no journal, and a store that is built anew lacks it.
/// </summary>
internal static class ReplayCommand
{
    public static Command Build()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only tell what the store lacks or holds otherwise." };
        var into = new Option<string?>("--into") { Description = "Build the store in another directory.", HelpName = "DIR" };
        var command = new Command("replay", "Put the journal's exchanges into the store; safe to repeat.") { dry, into };
        command.SetAction(async (line, cancel) =>
        {
            var options = GlobalOptions.Require(line).Options;
            var journal = DataLayout.Journal(options.DataDirectory);
            if (!Directory.Exists(journal))
            {
                throw CommandFailure.Environment($"There is no journal at {journal}.");
            }

            // A directory holds a file.
            var (target, sink) = line.GetValue(into) is { } other ? (other, StoreOfSink.Sqlite) : (options.DataDirectory, options.Sink);
            options.Sink = sink;
            var output = line.InvocationConfiguration.Output;
            try
            {
                using var progress = Progress.Of(line);
                return line.GetValue(dry)
                    ? Compare(options, journal, target, output, progress)
                    : await RunAsync(options, journal, target, fromCursor: false, output, progress, cancel);
            }
            catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
            {
                throw CommandFailure.Environment(fault.Message, fault);
            }
        });
        return command;
    }

    /// <summary>Replays a journal into the store of a directory; the exit code.</summary>
    /// <param name="fromCursor">True for what the store has not taken in yet alone.</param>
    public static async Task<int> RunAsync(
        LetheOptions options, string journal, string target, bool fromCursor, TextWriter output, Progress progress, CancellationToken cancel)
    {
        using var store = await StoreOfSink.OpenBesideAsync(options, target, cancel);
        using var consumer = new JournalConsumer(journal, fromCursor ? store.Cursor(IngestLoop.Consumer, JournalIdentity.Of(journal)) ?? default : default);
        var replay = new JournalReplay(new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo()).Interpret);
        progress.Begin("replaying the journal");
        // A lethe that runs there moves the cursor itself, and may be further by now.
        replay.Run(consumer, store, movesCursor: !DataDirectory.IsHeld(target), progress.Count, cancel);
        foreach (var fault in replay.Faults)
        {
            output.WriteLine($"journal {SnakeCase.Of(fault.Kind)}  {fault.At}  {fault.Detail}");
        }

        var (conflicts, rejected) = (replay.Count(DeliveryVerdict.Conflict), replay.Count(DeliveryVerdict.Rejected));
        var lost = TellLost(options, target, consumer.Erased, output);
        output.WriteLine($"{replay.Count(DeliveryVerdict.Accepted)} replayed, {replay.Count(DeliveryVerdict.Duplicate)} skipped, {conflicts} in conflict, {rejected} rejected");
        return replay.Faults.Count == 0 && conflicts == 0 && rejected == 0 && lost == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }

    private static int Compare(LetheOptions options, string directory, string target, TextWriter output, Progress progress)
    {
        if (options.Sink == StoreOfSink.Sqlite && !File.Exists(DataLayout.Store(target)))
        {
            progress.Begin("reading the journal");
            var alone = JournalVerifier.Run(directory, passed: progress.Count);
            TellLost(alone.Erased.Count, output);
            output.WriteLine($"{alone.Exchanges} exchanges in the journal, all {alone.Exchanges} missing in the store");
            return alone.Faults.Count == 0 && alone.Erased.Count == 0 ? ExitCode.Fine : ExitCode.NotFine;
        }

        progress.Begin("comparing the journal with the store");
        using var verifier = StoreOfSink.Verifier(options, target);
        using var check = verifier.Against(directory);
        var journal = check.Verify();
        var (missing, otherwise) = (0L, new HashSet<string>());
        foreach (var fault in check.Parity(journal, new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo()).Interpret, progress.Count))
        {
            missing += fault.Kind == VerifyFaultKind.Missing ? 1 : 0;
            if (fault.Kind is VerifyFaultKind.Mismatch or VerifyFaultKind.Content)
            {
                otherwise.Add(fault.Subject);
            }
        }

        var lost = TellLost(options, target, journal.Erased, output);
        output.WriteLine($"{journal.Exchanges} exchanges in the journal, {missing} missing in the store, {otherwise.Count} held otherwise");
        return otherwise.Count == 0 && journal.Faults.Count == 0 && lost == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }

    private static int TellLost(LetheOptions options, string target, IReadOnlyList<ErasedCall> erased, TextWriter output)
    {
        if (erased.Count == 0)
        {
            return 0;
        }

        using var reader = StoreOfSink.Reader(options, target);
        var lost = erased.GroupBy(call => call.OrgId, call => call.Id.Value).Sum(calls => reader.CountUnknown(calls.Key, [.. calls]));
        TellLost(lost, output);
        return lost;
    }

    private static void TellLost(int lost, TextWriter output)
    {
        if (lost > 0)
        {
            output.WriteLine($"{lost} erased calls are unknown to the store: their turns, tokens and cost stand in no journal and cannot be counted again");
        }
    }
}
