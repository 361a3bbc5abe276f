using System.CommandLine;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe export</c>: the record, one line an exchange, ordered by capture time and id.</summary>
internal static class ExportCommand
{
    private const int BufferBytes = 128 * 1024;

    public static Command Build()
    {
        var format = new Option<string>("--format") { Description = "The only format is jsonl.", DefaultValueFactory = _ => "jsonl" };
        format.AcceptOnlyFromAmong("jsonl");
        var bodies = new Option<bool>("--bodies") { Description = "With the wire bytes as kept, as Base64." };
        var session = new Option<string?>("--session") { Description = "Only this session.", HelpName = "S" };
        var since = SinceOption.Create();
        var file = new Option<string?>("-o", "--output") { Description = "Into a file (0600), whole or not at all.", HelpName = "FILE" };
        var command = new Command("export", "Write the records as JSON lines.") { format, bodies, session, since, file };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            var reader = StoreFile.Open(settings);
            var filter = new ExchangeFilter
            {
                SessionId = line.GetValue(session) is { } word ? SessionWord.Find(reader, word).Session.SessionId : null,
                Since = SinceOption.Read(line.GetValue(since), TimeProvider.System),
            };
            using var journal = line.GetValue(bodies) ? new JournalBodies(DataLayout.Journal(settings.Options.DataDirectory)) : null;
            var records = journal is null ? reader.Exchanges(Organisation.None, filter) : WithBodies(reader.ExchangesWithBodies(Organisation.None, filter), journal);
            var path = line.GetValue(file);
            // Records that run over the terminal are progress enough.
            using var progress = path is null && !Console.IsOutputRedirected ? Progress.None : Progress.Of(line);
            progress.Begin("writing the records");
            if (path is not null)
            {
                await using var target = new PrivateFile(path);
                await WriteAsync(records, target.Content, progress, cancel);
                target.Keep();
            }
            else
            {
                await using var stdout = new BufferedStream(StandardOutput.Open(), BufferBytes);
                await WriteAsync(records, stdout, progress, cancel);
            }

            return ExitCode.Fine;
        });
        return command;
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
