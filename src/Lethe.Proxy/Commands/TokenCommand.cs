using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Access;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe token</c>: makes, lists and revokes the bearer tokens of a data directory, while a lethe runs on it or not.</summary>
internal static class TokenCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "JSON on stdout." };

    public static Command Build() => new("token", "Make, list and revoke the tokens that the admin listener asks for.") { Create(), List(), Revoke() };

    private static Command Create()
    {
        var org = new Option<Guid>("--org") { Description = "The organisation whose records its bearer sees, a UUID.", HelpName = "O", DefaultValueFactory = _ => Guid.Empty };
        var subject = new Option<string?>("--subject") { Description = "Whose token it is.", HelpName = "S" };
        var scopes = new Option<string[]>("--scope") { Description = "read, ingest or admin; as often as needed, read when not given.", HelpName = "SCOPE", DefaultValueFactory = _ => [AccessScope.Read] };
        scopes.AcceptOnlyFromAmong([.. AccessScope.All]);
        var expires = new Option<TimeSpan?>("--expires") { Description = "How long it is good for: 12h, 30d; for ever when not given.", HelpName = "T", CustomParser = TokenLifetime.Parse };
        var command = new Command("create", "Make a token; its text is printed once and kept nowhere.") { org, subject, scopes, expires, Json };
        command.SetAction(async (line, _) =>
        {
            string[] granted = [.. AccessScope.All.Intersect(line.GetRequiredValue(scopes))];
            var (stored, text) = await ChangeAsync(line, file => file.CreateAsync(line.GetValue(org).ToString(), line.GetValue(subject), granted, line.GetValue(expires)));
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(Json))
            {
                var told = new CreatedToken(stored.Id, text.ToString(), stored.Org, stored.Subject, stored.Scopes, stored.ExpiresAt);
                await output.WriteLineAsync(JsonSerializer.Serialize(told, TokenJson.Default.CreatedToken));
            }
            else
            {
                await output.WriteLineAsync(text.ToString());
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the tokens; nobody can list their texts.") { Json };
        command.SetAction(async (line, _) =>
        {
            var tokens = await ChangeAsync(line, file => Task.FromResult(file.Read()));
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(Json))
            {
                var told = tokens.Select(token => new ListedToken(token.Id, token.Org, token.Subject, token.Scopes, token.CreatedAt, token.ExpiresAt));
                await output.WriteLineAsync(JsonSerializer.Serialize([.. told], TokenJson.Default.IReadOnlyListListedToken));
            }
            else
            {
                Print(TerminalConsole.On(output), tokens);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "The token's id, as list prints it." };
        var command = new Command("revoke", "From now on the token is none.") { id };
        command.SetAction(async (line, _) => await ChangeAsync(line, file => file.RevokeAsync(line.GetRequiredValue(id)))
            ? ExitCode.Fine
            : throw new CommandFailure(ExitCode.NotFine, $"lethe: there is no token '{line.GetRequiredValue(id)}'."));
        return command;
    }

    private static async Task<T> ChangeAsync<T>(ParseResult line, Func<TokenFile, Task<T>> change)
    {
        var options = GlobalOptions.Require(line).Options;
        try
        {
            DataDirectory.Prepare(options.DataDirectory);
            return await change(new TokenFile(options.DataDirectory, TimeProvider.System));
        }
        catch (Exception fault) when (fault is HostFault or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static void Print(IAnsiConsole console, IReadOnlyList<StoredToken> tokens)
    {
        if (tokens.Count == 0)
        {
            console.WriteLine("No tokens yet.");
            return;
        }

        var table = new Table().Border(TableBorder.None).AddColumns("ID", "SCOPES", "SUBJECT", "ORG", "CREATED", "EXPIRES");
        foreach (var token in tokens)
        {
            table.AddRow(
                new Text(token.Id),
                new Text(string.Join(' ', token.Scopes)),
                new Text(Printable.Of(token.Subject ?? "")),
                new Text(token.Org == Organisation.None ? "" : token.Org),
                new Text(Day(token.CreatedAt)),
                new Text(token.ExpiresAt is { } expiry ? Day(expiry) : "never"));
        }

        console.Write(table);
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
