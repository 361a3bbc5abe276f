using System.CommandLine;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Export;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe export</c>: the record, one line an exchange, ordered by capture time and id; or one session as a page that stands alone.</summary>
internal static class ExportCommand
{
    private const int BufferBytes = 128 * 1024;
    private const string Lines = "jsonl";
    private const string Html = "html";

    public static Command Build()
    {
        var format = new Option<string>("--format") { Description = "jsonl: a record a line. html: one session with its sub-agents, to be read in a browser.", HelpName = "F", DefaultValueFactory = _ => Lines };
        format.AcceptOnlyFromAmong(Lines, Html);
        var bodies = new Option<bool>("--bodies") { Description = "With the wire bytes as kept, as Base64." };
        var only = new ExchangeOptions();
        var file = new Option<string?>("-o", "--output") { Description = "Into a file (0600), whole or not at all.", HelpName = "FILE" };
        var command = new Command("export", "Write the records as JSON lines, or a session as a page.")
        {
            format, bodies, only.Session, only.Harness, only.Model, only.Provider, only.Outcome, only.Since, only.Until, file,
        };
        command.Validators.Add(line =>
        {
            Option[] ofRecords = [bodies, only.Harness, only.Model, only.Provider, only.Outcome, only.Since, only.Until];
            if (line.GetValue(format) == Html && ofRecords.FirstOrDefault(option => line.GetResult(option) is { Implicit: false }) is { } other)
            {
                line.AddError($"--format html is one session, whole: it does not go with {other.Name}.");
            }
        });
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            using var reader = StoreFile.Open(settings);
            var path = line.GetValue(file);
            // Records that run over the terminal are progress enough.
            using var progress = path is null && !Console.IsOutputRedirected ? Progress.None : Progress.Of(line);
            if (line.GetValue(format) == Html)
            {
                var session = SessionWord.Find(reader, line.GetValue(only.Session));
                await IntoAsync(path, output => HtmlExport.WriteAsync(reader, Organisation.None, session, TimeProvider.System, output));
                return ExitCode.Fine;
            }

            var filter = only.Read(line, reader);
            using var journal = line.GetValue(bodies) ? new JournalBodies(DataLayout.Journal(settings.Options.DataDirectory)) : null;
            var records = journal is null ? reader.Exchanges(Organisation.None, filter) : WithBodies(reader.ExchangesWithBodies(Organisation.None, filter), journal);
            progress.Begin("writing the records");
            await IntoAsync(path, output => WriteAsync(records, output, progress, cancel));
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task IntoAsync(string? path, Func<Stream, Task> write)
    {
        if (path is not null)
        {
            await using var target = new PrivateFile(path);
            await write(target.Content);
            target.Keep();
            return;
        }

        await using var stdout = new BufferedStream(StandardOutput.Open(), BufferBytes);
        await write(stdout);
    }

    private static IEnumerable<ExchangeRecord> WithBodies(IEnumerable<(ExchangeRecord Record, JournalPosition? BodyAt)> rows, JournalBodies journal)
    {
        foreach (var (record, bodyAt) in rows)
        {
            var found = bodyAt is { } at ? journal.TryRead(at) : null;
            // In a journal that was begun anew another exchange may stand there.
            var kept = found?.Id.ToString() == record.ExchangeId ? found : null;
            yield return record with
            {
                Request = new KeptBodyRecord(record.Request, Base64(kept?.Request)),
                Response = new KeptBodyRecord(record.Response, Base64(kept?.Response)),
            };
        }
    }

    private static string? Base64(CapturedBody? body) => body is null ? null : Convert.ToBase64String(body.Bytes.Span);

    private static async Task WriteAsync(IEnumerable<ExchangeRecord> records, Stream into, Progress progress, CancellationToken cancel)
    {
        long count = 0;
        foreach (var record in records)
        {
            await JsonSerializer.SerializeAsync(into, record, ExchangeRecordJson.Default.ExchangeRecord, cancel);
            into.WriteByte((byte)'\n');
            progress.Count(++count);
        }
    }
}
