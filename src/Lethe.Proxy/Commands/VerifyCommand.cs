using System.CommandLine;
using System.Data.Common;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Repeats;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Verifying;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe verify</c>: journal chain, store integrity, counters against sums, whether the store can have come out of the journal and, when asked,
/// journal against store row by row. Every fault is told as it is found.
/// </summary>
internal static class VerifyCommand
{
    /// <summary>How long a running lethe gets to take in what parity found missing.</summary>
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CatchUpPause = TimeSpan.FromMilliseconds(250);

    /// <summary>So many of what is missing are looked for again; more is more than a running lethe can be behind.</summary>
    private const int MissingMax = 10_000;

    public static Command Build()
    {
        var parity = new Option<bool>("--parity") { Description = "Compare every exchange of the journal with the store, and back." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var anchor = new Option<string?>("--anchor") { Description = "What lethe journal anchor wrote earlier: nothing before it may have been cut off or rewritten.", HelpName = "FILE" };
        var command = new Command("verify", "Check the journal and the store; exit 1 and list every fault.") { parity, anchor, json };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            StoreFile.Open(settings).Dispose();
            using var progress = Progress.Of(line);
            var report = new VerifyReport(line.InvocationConfiguration.Output, line.GetValue(json));
            var head = line.GetValue(anchor) is { } file ? AnchorDocument.Read(file) : null;
            var code = await RunAsync(settings.Options, settings.Options.DataDirectory, line.GetValue(parity), head, report, progress, cancel);
            Note(new LastVerify(TimeProvider.System.GetUtcNow(), report.Faults, line.GetValue(parity)), settings.Options.DataDirectory, line.InvocationConfiguration.Error);
            return code;
        });
        return command;
    }

    /// <summary>Checks a whole data directory and its store; the exit code.</summary>
    /// <exception cref="CommandFailure">Something cannot be read at all.</exception>
    public static async Task<int> RunAsync(
        LetheOptions options, string dataDirectory, bool withParity, JournalAnchor? anchor, VerifyReport report, Progress progress, CancellationToken cancel)
    {
        try
        {
            using var verifier = StoreOfSink.Verifier(options, dataDirectory);
            progress.Begin("checking the store");
            foreach (var fault in verifier.Verify())
            {
                report.Add(fault);
            }

            progress.Begin("checking the journal");
            using var check = verifier.Against(DataLayout.Journal(dataDirectory));
            var journal = check.Verify(anchor, progress.Count);
            foreach (var fault in check.Faults(journal))
            {
                report.Add(fault);
            }

            var missing = new List<VerifyFault>();
            if (withParity)
            {
                progress.Begin("comparing the journal with the store");
                foreach (var fault in check.Parity(journal, new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo()).Interpret, progress.Count))
                {
                    if (fault.Kind == VerifyFaultKind.Missing && missing.Count < MissingMax && DataDirectory.IsHeld(dataDirectory))
                    {
                        missing.Add(fault);
                    }
                    else
                    {
                        report.Add(fault);
                    }
                }
            }

            foreach (var fault in await StillMissingAsync(options, dataDirectory, missing, cancel))
            {
                report.Add(fault);
            }

            return report.End(journal, withParity);
        }
        catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    // A directory that can only be read is verified all the same.
    private static void Note(LastVerify found, string dataDirectory, TextWriter error)
    {
        try
        {
            found.Keep(dataDirectory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"the page will not tell of it: {fault.Message}");
        }
    }

    private static async Task<IReadOnlyList<VerifyFault>> StillMissingAsync(
        LetheOptions options, string dataDirectory, IReadOnlyList<VerifyFault> missing, CancellationToken cancel)
    {
        using var reader = StoreOfSink.Reader(options, dataDirectory);
        var began = TimeProvider.System.GetTimestamp();
        while (DataDirectory.IsHeld(dataDirectory) && missing.Any(IsMissing) && TimeProvider.System.GetElapsedTime(began) < CatchUpMax)
        {
            await Task.Delay(CatchUpPause, TimeProvider.System, cancel);
        }

        return [.. missing.Where(IsMissing)];

        bool IsMissing(VerifyFault fault) => reader.Exchange(Organisation.None, fault.Subject) is null;
    }
}
