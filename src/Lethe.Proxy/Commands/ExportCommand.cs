using System.CommandLine;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Exporting;
using Lethe.Proxy.Page.Export;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe export</c>: the record, one line an exchange, ordered by capture time and id; or one session as a page that stands alone; or calls and conversations as
/// others read them.
/// </summary>
internal static class ExportCommand
{
    private const int BufferBytes = 128 * 1024;
    private const string Lines = "jsonl";
    private const string Html = "html";
    private const string Har = "har";
    private const string Transcript = "transcript";
    private const string OpenAIMessages = "openai-messages";
    private const string AnthropicMessages = "anthropic-messages";

    private const string Formats =
        "jsonl: a record a line. html: one session with its sub-agents, to be read in a browser. har: calls with their bodies, as HTTP archives hold them. "
        + "transcript: a message a line, as lethe turn events. openai-messages, anthropic-messages: a conversation a line.";

    public static Command Build()
    {
        var format = new Option<string>("--format") { Description = Formats, HelpName = "F", DefaultValueFactory = _ => Lines };
        format.AcceptOnlyFromAmong(Lines, Html, Har, Transcript, OpenAIMessages, AnthropicMessages);
        var bodies = new Option<bool>("--bodies") { Description = "With the wire bytes as kept, as Base64." };
        var only = new ExchangeOptions();
        var file = new Option<string?>("-o", "--output") { Description = "Into a file (0600), whole or not at all.", HelpName = "FILE" };
        var command = new Command("export", "Write the records as JSON lines, a session as a page, or calls and conversations as others read them.")
        {
            format, bodies, only.Session, only.Harness, only.Model, only.Provider, only.Outcome, only.Since, only.Until, file,
        };
        command.Validators.Add(line =>
        {
            // By default it has no value yet.
            var asked = line.GetValue(format) ?? Lines;
            Option[] others = asked switch
            {
                Lines => [],
                Html => [bodies, only.Harness, only.Model, only.Provider, only.Outcome, only.Since, only.Until],
                _ => [bodies],
            };
            if (others.FirstOrDefault(option => line.GetResult(option) is { Implicit: false }) is { } other)
            {
                line.AddError(asked == Html ? $"--format html is one session, whole: it does not go with {other.Name}." : $"--format {asked} has what was said as it is: it does not go with {other.Name}.");
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
            progress.Begin("writing the records");
            await IntoAsync(path, output => WriteAsync(line.GetValue(format)!, line.GetValue(bodies), (reader, filter, settings.Options.DataDirectory), output, progress, cancel));
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

    private static async Task WriteAsync(
        string format, bool hasBodies, (StoreReader Reader, ExchangeFilter Filter, string DataDirectory) from, Stream into, Progress progress, CancellationToken cancel)
    {
        var (reader, filter, data) = from;
        switch (format)
        {
            case Transcript:
                await new TranscriptExport(reader, into).WriteAsync(filter, progress, cancel);
                return;
            case OpenAIMessages:
                await new ConversationLines(reader, json => new OpenAIPen(json)).WriteAsync(filter, into, progress, cancel);
                return;
            case AnthropicMessages:
                await new ConversationLines(reader, json => new AnthropicPen(json)).WriteAsync(filter, into, progress, cancel);
                return;
            case Lines when !hasBodies:
                await WriteAsync(reader.Exchanges(Organisation.None, filter), into, progress, cancel);
                return;
        }

        using var journal = new JournalBodies(DataLayout.Journal(data));
        var calls = KeptCall.Of(reader.ExchangesWithBodies(Organisation.None, filter), journal);
        await (format == Har ? HarExport.WriteAsync(calls, into, progress, cancel) : WriteAsync(calls.Select(WithBodies), into, progress, cancel));
    }

    private static ExchangeRecord WithBodies(KeptCall kept) => kept.Record with
    {
        Request = new KeptBodyRecord(kept.Record.Request, Base64(kept.Call?.Request)),
        Response = new KeptBodyRecord(kept.Record.Response, Base64(kept.Call?.Response)),
    };

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
