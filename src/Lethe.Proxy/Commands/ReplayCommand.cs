using System.CommandLine;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Ingest;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Terminal;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe replay</c>: everything the journal holds into a store. What the store has already is recognised and counted once.</summary>
internal static class ReplayCommand
{
    private static readonly IngestSettings Batches = new();

    public static Command Build()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only tell what the store lacks or holds otherwise." };
        var into = new Option<string?>("--into") { Description = "Build the store in another directory.", HelpName = "DIR" };
        var command = new Command("replay", "Put the journal's exchanges into the store; safe to repeat.") { dry, into };
        command.SetAction(async (line, cancel) =>
        {
            var source = GlobalOptions.Require(line).Options.DataDirectory;
            var journal = DataLayout.Journal(source);
            if (!Directory.Exists(journal))
            {
                throw CommandFailure.Environment($"There is no journal at {journal}.");
            }

            var target = line.GetValue(into) ?? source;
            var output = line.InvocationConfiguration.Output;
            try
            {
                using var progress = Progress.Of(line);
                return line.GetValue(dry)
                    ? Compare(journal, DataLayout.Store(target), output, progress)
                    : await ReplayAsync(journal, target, output, progress, cancel);
            }
            catch (Exception fault) when (fault is SqliteException or StoreRefusedException or IOException or UnauthorizedAccessException)
            {
                throw CommandFailure.Environment(fault.Message, fault);
            }
        });
        return command;
    }

    private static int Compare(string journal, string store, TextWriter output, Progress progress)
    {
        progress.Begin("reading the journal");
        var exchanges = JournalVerifier.Run(journal).Exchanges;
        if (!File.Exists(store))
        {
            output.WriteLine($"{exchanges} exchanges in the journal, all {exchanges} missing in the store");
            return ExitCode.Fine;
        }

        progress.Begin("comparing the journal with the store");
        var faults = new StoreVerifier(store).Parity(journal, passed: progress.Count).ToArray();
        var missing = faults.Count(fault => fault.Kind == VerifyFaultKind.Missing);
        output.WriteLine($"{exchanges} exchanges in the journal, {missing} missing in the store, {faults.Count(fault => fault.Kind == VerifyFaultKind.Mismatch)} held otherwise");
        return ExitCode.Fine;
    }

    private static async Task<int> ReplayAsync(string journal, string target, TextWriter output, Progress progress, CancellationToken cancel)
    {
        using var consumer = new JournalConsumer(journal, default);
        using var connection = await LetheDatabase.OpenAsync(DataLayout.Store(target), TimeProvider.System, cancel);
        using var transaction = new IngestTransaction(connection, TimeProvider.System);
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded);
        var verdicts = new Dictionary<DeliveryVerdict, long>();
        var damaged = 0;
        progress.Begin("replaying the journal");
        foreach (var (exchanges, fault) in consumer.ToEnd(Batches.BatchCountMax, Batches.BatchBytesMax, cancel))
        {
            foreach (var result in transaction.Commit(exchanges.ConvertAll(one => ExchangeDelivery.Of(one, interpreter.Interpret, out _))))
            {
                verdicts[result.Verdict] = verdicts.GetValueOrDefault(result.Verdict) + 1;
            }

            progress.Count(verdicts.Values.Sum());
            if (fault is not null)
            {
                output.WriteLine($"journal  {fault.At}  {fault.Kind}: {fault.Detail}");
                damaged++;
            }
        }

        var told = Enum.GetValues<DeliveryVerdict>().Select(verdict => $"{verdicts.GetValueOrDefault(verdict)} {verdict.ToString().ToLowerInvariant()}");
        output.WriteLine(string.Join(", ", told));
        return damaged == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }
}
