using Lethe.Proxy;
using Lethe.Proxy.Terminal;

return await LetheApplication.RunAsync(args, StandardOutput.Use(), Console.Error);
