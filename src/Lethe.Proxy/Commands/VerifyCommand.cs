using System.CommandLine;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Terminal;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe verify</c>: journal chain, store integrity, counters against sums and, when asked, journal against store. Every fault is listed.</summary>
internal static class VerifyCommand
{
    /// <summary>How long a running lethe gets to take in what parity found missing.</summary>
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CatchUpPause = TimeSpan.FromMilliseconds(250);

    public static Command Build()
    {
        var parity = new Option<bool>("--parity") { Description = "Compare every exchange of the journal with the store, and back." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var command = new Command("verify", "Check the journal and the store; exit 1 and list every fault.") { parity, json };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            var reader = StoreFile.Open(settings);
            using var progress = Progress.Of(line);
            var report = await CheckAsync(settings.Options.DataDirectory, reader, line.GetValue(parity), progress, cancel);
            var output = line.InvocationConfiguration.Output;
            output.WriteLine(line.GetValue(json) ? report.ToJson() : report.ToText());
            return report.Faults.Count == 0 ? ExitCode.Fine : ExitCode.NotFine;
        });
        return command;
    }

    private static async Task<VerifyReport> CheckAsync(string dataDirectory, StoreReader reader, bool withParity, Progress progress, CancellationToken cancel)
    {
        try
        {
            progress.Begin("checking the journal");
            var journal = JournalVerifier.Run(DataLayout.Journal(dataDirectory));
            progress.Begin("checking the store");
            var verifier = new StoreVerifier(DataLayout.Store(dataDirectory));
            var faults = journal.Faults.Select(fault => new VerifyFault(VerifyFaultKind.Journal, fault.At.ToString(), $"{fault.Kind}: {fault.Detail}"))
                .Concat(verifier.Verify())
                .ToList();
            if (withParity)
            {
                progress.Begin("comparing the journal with the store");
                faults.AddRange(await ParityAsync(dataDirectory, verifier, reader, progress, cancel));
            }

            return new VerifyReport(journal, withParity, faults);
        }
        catch (Exception fault) when (fault is SqliteException or StoreRefusedException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static async Task<IReadOnlyList<VerifyFault>> ParityAsync(
        string dataDirectory, StoreVerifier verifier, StoreReader reader, Progress progress, CancellationToken cancel)
    {
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded);
        // Damage of the journal is told by its own check already.
        var faults = verifier.Parity(DataLayout.Journal(dataDirectory), interpreter.Interpret, progress.Count)
            .Where(fault => fault.Kind != VerifyFaultKind.Journal)
            .ToList();
        var began = TimeProvider.System.GetTimestamp();
        while (DataDirectory.IsHeld(dataDirectory) && faults.Any(IsStillMissing) && TimeProvider.System.GetElapsedTime(began) < CatchUpMax)
        {
            await Task.Delay(CatchUpPause, TimeProvider.System, cancel);
        }

        return [.. faults.Where(fault => fault.Kind != VerifyFaultKind.Missing || IsStillMissing(fault))];

        bool IsStillMissing(VerifyFault fault) => fault.Kind == VerifyFaultKind.Missing && reader.Exchange(fault.Subject) is null;
    }
}
