import { API_URL } from "./dna.mjs";

const rows = `customer_id,first_name,last_name,email,zipcode,address,has_subreseller_id,same_billing_address
B-1,Ana,Ruiz,ana@example.com,33134,1 Main Street,false,true
B-2,Ben,Ruiz,ben@example.com,02134,2 Main Street,false,true
`;
const reply = await fetch(`${API_URL}/api/residential/client/import?mode=rows`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.TOKEN}`, "Content-Type": "text/csv" },
  body: rows,
});
for (const line of (await reply.text()).trim().split("\n").map((line) => JSON.parse(line))) {
  console.log("row" in line ? `row ${line.row}: ${line.result}` : `${line.created} created`);
}
